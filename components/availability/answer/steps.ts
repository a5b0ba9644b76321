import { unique } from "@isthmus/core";
import type { AffectedGroup } from "./affected.ts";
import type { Failure } from "../model/failure.ts";
import type { FleetIndex, IndexedService } from "../model/fleet-index.ts";
import { membersNeeded } from "../model/quorum.ts";
import type { Recovery } from "./recovery.ts";
import { unreachable } from "./serving.ts";
import { membersOn, unmetStart, unmetUse } from "./state.ts";
import { circleOf, describeEdges, edgesFrom } from "./waits-for.ts";

/** What there is to know about a failure on one side. */
export interface Aftermath {
  readonly index: FleetIndex;
  readonly failure: Failure;
  readonly affected: readonly AffectedGroup[];
  readonly recovery: Recovery;
}

/** What a person does until a service is full again, in the order in which it is done. */
export function stepsFor(service: IndexedService, aftermath: Aftermath): string[] {
  const { failure } = aftermath;
  const missing = missingOf(service, aftermath);
  return unique([
    ...(failure.kind === "link" ? ["fix the link between the sites; members find one another by themselves"] : []),
    ...(failure.kind === "site" && missing.length > 0 ? [`bring ${failure.site} back: power, then its uplink`] : []),
    ...circleSteps(service, aftermath),
    ...providerSteps(service, aftermath),
    ...missing.flatMap((affectedGroup) => stuckSteps(affectedGroup, failure)),
    ...unschedulableSteps(service),
    ...promotionSteps(service, aftermath),
    ...missing.flatMap(({ workload }) => {
      const { restarts } = workload.workload;
      return restarts.by === "person" ? restarts.steps : [];
    }),
  ]);
}

/** The groups of which members still lack when all that is automatic has happened. */
export function missingOf({ workloads }: IndexedService, { affected, recovery }: Aftermath): AffectedGroup[] {
  const { alive } = recovery.after.moment;
  return workloads
    .flatMap((workload) => workload.groups)
    .flatMap(({ id, placed }) => {
      const affectedGroup = affected[id];
      return affectedGroup !== undefined && affectedGroup.lost.most > 0 && (alive[id] ?? 0) < placed
        ? [affectedGroup]
        : [];
    });
}

function circleSteps(service: IndexedService, { index, recovery }: Aftermath): string[] {
  const circle = circleOf(service, index, recovery);
  if (circle === undefined) return [];
  return [`break the circle by starting one of them without the other: ${describeEdges(circle)}`];
}

function providerSteps(service: IndexedService, { index, recovery }: Aftermath): string[] {
  const waits = edgesFrom(service, index, recovery).map((edge) => edge.to);
  const unmet = [unmetUse(service, recovery.after)?.need.provider, unmetStart(service, recovery.after)?.provider];
  const providers = [...waits, ...unmet].filter((provider) => provider !== undefined && provider !== service);
  return unique(providers.map((provider) => `bring ${provider?.service.id ?? ""} back first`));
}

function stuckSteps({ stuck, detail, workload }: AffectedGroup, failure: Failure): string[] {
  const { name } = workload.workload;
  const machine = failure.kind === "host" ? "host" : "node";
  if (stuck === undefined) return [];
  switch (stuck) {
    case "its pod is stuck":
      return [
        `when the lost ${machine} is off for certain, delete the pod of ${name} that hangs on it: kubectl delete pod --force`,
      ];
    case "stands on every node":
    case "its disk is there":
      return [`repair or replace the lost ${machine}`];
    case "no node may have it":
      return [`repair or replace the lost ${machine}, or add a node that may run ${name}`];
    case "no room":
      return [`make room for ${name}${detail === undefined ? "" : ` (${detail} more on one node)`}, or add a node`];
    case "a person restarts it":
    case "its site is lost":
      return [];
  }
}

function unschedulableSteps({ workloads }: IndexedService): string[] {
  return workloads.flatMap(({ workload, groups, total }) => {
    const placed = groups.reduce((sum, group) => sum + group.placed, 0);
    const needed = Math.max(membersNeeded(workload.reads, total), membersNeeded(workload.writes, total));
    if (needed > total) return [`give ${workload.name} ${needed} members or more: it has ${total}`];
    return placed < total ? [`add nodes for ${workload.name}: ${placed} of ${total} members find one`] : [];
  });
}

function promotionSteps({ workloads, index }: IndexedService, { failure, recovery }: Aftermath): string[] {
  const { moment, serving } = recovery.after;
  if (failure.kind === "link" || (serving[index] ?? unreachable).writes) return [];
  return workloads.flatMap((each) => {
    const { writes, name } = each.workload;
    if (writes.kind !== "primary" || writes.failover !== "person" || membersOn(moment.side, each, moment.alive) === 0)
      return [];
    return [`when the old leader is off for certain, promote another member of ${name}`];
  });
}
