import type { IndexedService, IndexedWorkload, Need } from "../model/fleet-index.ts";
import type { Stage } from "./recovery.ts";
import { reads, unreachable, type Serving, type Side } from "./serving.ts";
import type { State } from "../model/verdict.ts";

/** What a service does at a stage, in one word. */
export function stateOf(service: IndexedService, { moment, serving }: Stage): State {
  return stateFrom(serving[service.index] ?? unreachable, service, { moment, serving });
}

/** The same, where what it can do was found out on another assumption. */
export function stateFrom(is: Serving, service: IndexedService, stage: Stage): State {
  if (!is.reads) return "down";
  const { workloads } = service;
  if (!is.writes) return workloads.some(({ workload }) => workload.reads.kind !== "nothing") ? "read-only" : "down";
  const { alive, side } = stage.moment;
  const complete = workloads.every((workload) => membersOn(side, workload, alive) === workload.total);
  return complete && unmetStart(service, stage) === undefined ? "full" : "degraded";
}

/** Members of a workload that run on one side. */
export function membersOn(side: Side, workload: IndexedWorkload, alive: readonly number[]): number {
  return workload.groups
    .filter((group) => side.includes(group.site))
    .reduce((sum, group) => sum + (alive[group.id] ?? 0), 0);
}

/** Something that members which run could not start again without, and that is not there. */
export function unmetStart(service: IndexedService, { moment, serving }: Stage): Need | undefined {
  return service.workloads
    .flatMap((workload) => workload.groups)
    .filter((group) => moment.side.includes(group.site) && group.placed > 0)
    .flatMap((group) => group.needs)
    .find((need) => need.to.includes("start") && !reads(need, serving));
}

/** Something that members use to read or to write, and that does not let them. */
export function unmetUse(
  service: IndexedService,
  { moment, serving }: Stage,
): { need: Need; to: "read" | "write" } | undefined {
  const needs = service.workloads
    .flatMap((workload) => workload.groups)
    .filter((group) => moment.side.includes(group.site) && group.placed > 0)
    .flatMap((group) => group.needs);
  const isOff = (need: Need, to: "read" | "write") => {
    const provider = serving[need.provider.index] ?? unreachable;
    return need.to.includes(to) && !(to === "read" ? provider.reads : provider.writes);
  };
  const toRead = needs.find((need) => isOff(need, "read"));
  if (toRead !== undefined) return { need: toRead, to: "read" };
  const toWrite = needs.find((need) => isOff(need, "write"));
  return toWrite === undefined ? undefined : { need: toWrite, to: "write" };
}
