import { toSeconds, type Condition } from "@isthmus/core";
import type { AffectedGroup } from "./affected.ts";
import type { FleetIndex, Group, IndexedService, IndexedWorkload, Need } from "../model/fleet-index.ts";
import { holds } from "../model/quorum.ts";

/** Sites that reach one another. */
export type Side = readonly string[];

/** Whether a service, seen from one side, can be read and written. */
export interface Serving {
  readonly reads: boolean;
  readonly writes: boolean;
}

/** A moment after a failure. */
export interface Moment {
  readonly index: FleetIndex;
  readonly side: Side;
  /** Members that run, by group. */
  readonly alive: readonly number[];
  /** Whether those that take over by themselves have had the time to. */
  readonly failedOver: boolean;
  /** Where members on another side may lead: whether to think that the leader is on this one. */
  readonly leaderHere: boolean;
  /** Whether sites were cut off, so that a leader may still run out of reach. */
  readonly cut: boolean;
}

/** Everything down: what a service is to who cannot reach it. */
export const unreachable: Serving = { reads: false, writes: false };

/**
 * What all services do, as seen from one side: every service serves unless its members or what it uses do not let it. The
 * greatest such answer: services that use one another in a circle and run, go on.
 */
export function servingAt(moment: Moment): Serving[] {
  const serving = moment.index.services.map((): Serving => ({ reads: true, writes: true }));
  for (let changed = true; changed;) {
    changed = false;
    for (const service of moment.index.services) {
      const was = serving[service.index] ?? unreachable;
      const is = servingOf(service, moment, serving);
      if (is.reads === was.reads && is.writes === was.writes) continue;
      serving[service.index] = is;
      changed = true;
    }
  }
  return serving;
}

/** What one service does, given what the others do. */
export function servingOf(service: IndexedService, moment: Moment, others: readonly Serving[]): Serving {
  if (!isReachable(service, moment)) return unreachable;
  const all = (to: "read" | "write") =>
    service.workloads.every((workload) => workloadHolds(workload, to, { moment, others }));
  return { reads: all("read"), writes: all("write") };
}

/** Whether any of its members runs on this side; a service without any lacks none where its site can be reached. */
function isReachable(service: IndexedService, { side, alive }: Moment): boolean {
  return standsOn(service, side, (group) => (alive[group.id] ?? 0) > 0);
}

/** Whether any of its members has its place on this side, of those that count; a service without any is where its site is. */
export function standsOn(
  { service, workloads }: IndexedService,
  side: Side,
  counts: (group: Group) => boolean = () => true,
): boolean {
  const groups = workloads.flatMap((workload) => workload.groups).filter((group) => group.placed > 0);
  if (groups.length === 0) return service.site === undefined || side.includes(service.site);
  return groups.some((group) => side.includes(group.site) && counts(group));
}

interface Circumstances {
  readonly moment: Moment;
  readonly others: readonly Serving[];
}

function workloadHolds(indexed: IndexedWorkload, to: "read" | "write", { moment, others }: Circumstances): boolean {
  const condition = to === "read" ? indexed.workload.reads : indexed.workload.writes;
  const members = indexed.groups
    .filter((group) => moment.side.includes(group.site) && group.needs.every((need) => isMet(need, to, others)))
    .reduce((sum, group) => sum + (moment.alive[group.id] ?? 0), 0);
  const leader = condition.kind === "primary" && members > 0 && hasLeader(indexed, condition, { moment, others });
  return holds(condition, { members, leader }, indexed.total);
}

/** Whether what a member uses to read, or to write, lets it. */
function isMet(need: Need, to: "read" | "write", others: readonly Serving[]): boolean {
  const provider = others[need.provider.index] ?? unreachable;
  return !need.to.includes(to) || (to === "read" ? provider.reads : provider.writes);
}

function hasLeader(
  indexed: IndexedWorkload,
  condition: Condition & { kind: "primary" },
  { moment, others }: Circumstances,
): boolean {
  const here = indexed.groups.filter((group) => moment.side.includes(group.site));
  const count = (groups: readonly Group[], of: (group: Group) => number) =>
    groups.reduce((sum, group) => sum + of(group), 0);
  const alive = count(here, (group) => moment.alive[group.id] ?? 0);
  // All that ever ran, run here: the leader is one of them.
  if (alive === count(indexed.groups, (group) => group.placed)) return true;
  if (moment.cut) return moment.leaderHere && alive === count(here, (group) => group.placed);
  if (!moment.failedOver || condition.failover === "person") return false;
  if (indexed.workload.controller !== "operator") return true;
  return here.some(
    (group) => (moment.alive[group.id] ?? 0) > 0 && controlPlaneWrites(moment.index, group.site, others),
  );
}

/** Whether the control plane of a site can be written: without that, nothing is scheduled there. */
export function controlPlaneWrites(index: FleetIndex, site: string, serving: readonly Serving[]): boolean {
  const controlPlane = index.controlPlanes.get(site);
  return controlPlane !== undefined && (serving[controlPlane.index] ?? unreachable).writes;
}

/** Whether what a group needs to start is there. */
export function mayStart({ workload, group }: AffectedGroup, index: FleetIndex, serving: readonly Serving[]): boolean {
  const scheduled = workload.workload.controller === "host" || controlPlaneWrites(index, group.site, serving);
  return scheduled && group.needs.every((need) => !need.to.includes("start") || reads(need, serving));
}

export const reads = (need: Need, serving: readonly Serving[]): boolean =>
  (serving[need.provider.index] ?? unreachable).reads;

/** Seconds until a workload whose leader is lost has another, where that happens by itself. */
export function failoverSeconds({ workload }: IndexedWorkload): number {
  const conditions = [workload.reads, workload.writes];
  return Math.max(
    0,
    ...conditions.map((each) => (each.kind === "primary" && each.failover !== "person" ? toSeconds(each.failover) : 0)),
  );
}
