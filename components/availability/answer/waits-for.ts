import type { FleetIndex, IndexedService } from "../model/fleet-index.ts";
import type { Recovery } from "./recovery.ts";
import { controlPlaneWrites, reads } from "./serving.ts";

/** A service waits for another one to start, or to serve. */
export interface Edge {
  readonly from: IndexedService;
  readonly to: IndexedService;
  /** The capability, or scheduling by a control plane. */
  readonly what: string;
  readonly purpose: "to start" | "to be read";
}

/** Whom a service still waits for when all that is automatic has happened. */
export function edgesFrom(service: IndexedService, index: FleetIndex, { after, waiting }: Recovery): Edge[] {
  const groups = service.workloads
    .flatMap((workload) => workload.groups)
    .filter((group) => after.moment.side.includes(group.site) && group.placed > 0);
  return groups.flatMap((group): Edge[] => {
    const affectedGroup = waiting.find((each) => each.group === group);
    const controlPlane = index.controlPlanes.get(group.site);
    const unscheduled =
      affectedGroup !== undefined &&
      affectedGroup.workload.workload.controller !== "host" &&
      controlPlane !== undefined &&
      !controlPlaneWrites(index, group.site, after.serving);
    const unmet = group.needs.filter((need) => !reads(need, after.serving));
    return [
      ...(unscheduled ? [{ from: service, to: controlPlane, what: "scheduling", purpose: "to start" } as const] : []),
      ...unmet
        .filter((need) => need.to.includes("start") && affectedGroup !== undefined)
        .map((need): Edge => ({ from: service, to: need.provider, what: need.capability, purpose: "to start" })),
      ...unmet
        .filter((need) => need.to.includes("read"))
        .map((need): Edge => ({ from: service, to: need.provider, what: need.capability, purpose: "to be read" })),
    ];
  });
}

/** The shortest circle of services that wait for one another and that `service` is part of. */
export function circleOf(service: IndexedService, index: FleetIndex, recovery: Recovery): Edge[] | undefined {
  const seen = new Set<IndexedService>();
  let paths: Edge[][] = [[]];
  while (paths.length > 0) {
    const longer = paths.flatMap((path) => {
      return edgesFrom(path.at(-1)?.to ?? service, index, recovery).map((edge) => [...path, edge]);
    });
    const closed = longer.find((path) => path.at(-1)?.to === service);
    if (closed !== undefined) return closed;
    paths = longer.filter((path) => {
      const end = path.at(-1)?.to;
      if (end === undefined || seen.has(end)) return false;
      seen.add(end);
      return true;
    });
  }
  return undefined;
}

/** `site-a/app needs secrets of site-a/vault to start`, for each edge. */
export const describeEdges = (edges: readonly Edge[]): string =>
  edges
    .map(({ from, to, what, purpose }) => `${from.service.id} needs ${what} of ${to.service.id} ${purpose}`)
    .join(", ");
