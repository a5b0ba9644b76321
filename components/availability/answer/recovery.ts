import type { AffectedGroup } from "./affected.ts";
import type { Failure } from "../model/failure.ts";
import type { FleetIndex, IndexedService } from "../model/fleet-index.ts";
import { failoverSeconds, mayStart, servingAt, type Moment, type Serving, type Side } from "./serving.ts";

/** What happens on one side, from right after a failure until all that is automatic has happened. */
export interface Recovery {
  readonly during: Stage;
  readonly after: Stage;
  /** Seconds until each service can be read and written (again); absent where it does not by itself. */
  readonly readAt: readonly (number | undefined)[];
  readonly writeAt: readonly (number | undefined)[];
  /** Seconds until lost members of each group had started again; absent where none did. */
  readonly startedAt: readonly (number | undefined)[];
  /** Members that would start by themselves, were what they need to start there. */
  readonly waiting: readonly AffectedGroup[];
}

export interface Stage {
  readonly moment: Moment;
  readonly serving: readonly Serving[];
}

/** Seconds, by service, and by group. */
interface Clock {
  readonly readAt: (number | undefined)[];
  readonly writeAt: (number | undefined)[];
  readonly startedAt: number[];
}

/** Starts whatever can start, in rounds, until no more does: what waits for itself in a circle stays off. */
export function recover(index: FleetIndex, failure: Failure, of: { affected: AffectedGroup[]; side: Side }): Recovery {
  const alive = of.affected.map(({ group, lost }) => group.placed - lost.most);
  const cut = failure.kind === "link";
  const still = { index, side: of.side, leaderHere: false, cut };
  const during = stageAt({ ...still, alive: [...alive], failedOver: false });
  const clock: Clock = { readAt: [], writeAt: [], startedAt: [] };
  for (const [service, { reads, writes }] of during.serving.entries()) {
    if (reads) clock.readAt[service] = 0;
    if (writes) clock.writeAt[service] = 0;
  }
  let waiting = of.affected.filter(({ group, returning }) => returning.members > 0 && of.side.includes(group.site));
  for (;;) {
    const after = stageAt({ ...still, alive: [...alive], failedOver: true });
    settle(after, clock);
    const starting = waiting.filter((affectedGroup) => mayStart(affectedGroup, index, after.serving));
    if (starting.length === 0) return { during, after, ...clock, waiting };
    for (const affectedGroup of starting) {
      clock.startedAt[affectedGroup.group.id] = startOf(affectedGroup, index, clock) + affectedGroup.returning.seconds;
      alive[affectedGroup.group.id] = (alive[affectedGroup.group.id] ?? 0) + affectedGroup.returning.members;
    }
    waiting = waiting.filter((affectedGroup) => !starting.includes(affectedGroup));
  }
}

const stageAt = (moment: Moment): Stage => ({ moment, serving: servingAt(moment) });

function startOf({ workload, group }: AffectedGroup, index: FleetIndex, clock: Clock): number {
  const providers = group.needs
    .filter((need) => need.to.includes("start"))
    .map((need) => clock.readAt[need.provider.index] ?? 0);
  const controlPlane = index.controlPlanes.get(group.site);
  const scheduled = workload.workload.controller === "host" ? undefined : controlPlane;
  return Math.max(0, ...providers, scheduled === undefined ? 0 : (clock.writeAt[scheduled.index] ?? 0));
}

/** Notes when the services that serve now, and did not before, began to: when their members and what they use did. */
function settle({ moment, serving }: Stage, clock: Clock): void {
  settleOne("read", { moment, serving, clock });
  settleOne("write", { moment, serving, clock });
}

interface Settling extends Stage {
  readonly clock: Clock;
}

function settleOne(to: "read" | "write", { moment, serving, clock }: Settling): void {
  const times = to === "read" ? clock.readAt : clock.writeAt;
  const fresh = moment.index.services.filter(({ index }) => {
    const is = serving[index];
    return (to === "read" ? is?.reads : is?.writes) === true && times[index] === undefined;
  });
  for (const each of fresh) times[each.index] = ownTime(each, moment, clock);
  for (let changed = true; changed;) {
    changed = false;
    for (const each of fresh) {
      const used = needsOf(each, moment, to).map((provider) => times[provider.index] ?? 0);
      const time = Math.max(times[each.index] ?? 0, ...used);
      if (time === times[each.index]) continue;
      times[each.index] = time;
      changed = true;
    }
  }
}

/** When the members of a service that run had all started, and one of them led. */
function ownTime({ workloads }: IndexedService, { side, alive }: Moment, { startedAt }: Clock): number {
  const times = workloads.flatMap((workload) => {
    const here = workload.groups.filter((group) => side.includes(group.site));
    const all = workload.groups.every((group) => alive[group.id] === group.placed);
    return [...here.map((group) => startedAt[group.id] ?? 0), all ? 0 : failoverSeconds(workload)];
  });
  return Math.max(0, ...times);
}

function needsOf({ workloads }: IndexedService, { side }: Moment, to: "read" | "write"): IndexedService[] {
  return workloads
    .flatMap((workload) => workload.groups)
    .filter((group) => side.includes(group.site))
    .flatMap((group) => group.needs)
    .filter((need) => need.to.includes(to))
    .map((need) => need.provider);
}
