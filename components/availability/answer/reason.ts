import type { AffectedGroup } from "./affected.ts";
import type { Failure } from "../model/failure.ts";
import type { IndexedService, IndexedWorkload } from "../model/fleet-index.ts";
import { holds, membersNeeded } from "../model/quorum.ts";
import type { Stage } from "./recovery.ts";
import { membersOn, stateOf, unmetStart, unmetUse } from "./state.ts";
import type { Verdict } from "../model/verdict.ts";

/** A failure, what it took, and one moment after it, as one side sees it. */
export interface Scene {
  readonly failure: Failure;
  readonly affected: readonly AffectedGroup[];
  readonly stage: Stage;
}

export interface Reason {
  readonly text: string;
  readonly cause?: NonNullable<Verdict["cause"]>;
}

/** Why a service does what it does at this moment: the worst that it lacks, with the numbers. */
export function reasonOf(service: IndexedService, scene: Scene): Reason {
  const { workloads } = service;
  const short =
    workloads.find((each) => isShort(each, "read", scene)) ?? workloads.find((each) => isShort(each, "write", scene));
  if (short !== undefined) return ofMembers(service, short, scene);
  const unmet = unmetUse(service, scene.stage);
  if (unmet !== undefined) {
    const state = stateOf(unmet.need.provider, scene.stage);
    const provider = unmet.need.provider.service.id;
    return {
      text: `to be ${unmet.to === "read" ? "read" : "written"} it needs ${unmet.need.capability} of ${provider}, which is ${state}`,
      cause: { provider },
    };
  }
  const lacking = workloads.find(
    (each) => membersOn(scene.stage.moment.side, each, scene.stage.moment.alive) < each.total,
  );
  if (lacking !== undefined) return ofMembers(service, lacking, scene);
  const start = unmetStart(service, scene.stage);
  if (start === undefined) return { text: "no member is lost" };
  const provider = start.provider.service.id;
  return { text: `what stops cannot start again: that needs ${start.capability} of ${provider}`, cause: { provider } };
}

/** Whether a workload's own members are too few, whatever others do. */
function isShort(indexed: IndexedWorkload, to: "read" | "write", { stage: { moment } }: Scene): boolean {
  const { workload, groups, total } = indexed;
  const members = membersOn(moment.side, indexed, moment.alive);
  const intact = members === groups.reduce((sum, group) => sum + group.placed, 0);
  const condition = to === "read" ? workload.reads : workload.writes;
  const person = condition.kind === "primary" && condition.failover === "person";
  const leader = intact || (moment.failedOver && !person && !moment.cut);
  const nobody = members === 0 && groups.some((group) => group.placed > 0);
  return nobody || !holds(condition, { members, leader }, total);
}

function ofMembers(service: IndexedService, indexed: IndexedWorkload, scene: Scene): Reason {
  const name = indexed.workload.name;
  const of = service.workloads.length > 1 ? `${name}: ` : "";
  return { text: `${of}${membersText(indexed, scene)}`, cause: { workload: name } };
}

/** `3 of 5 voters lost, 2 left, a majority is 3`. */
function membersText(indexed: IndexedWorkload, { failure, affected, stage }: Scene): string {
  const { workload, groups, total } = indexed;
  const left = membersOn(stage.moment.side, indexed, stage.moment.alive);
  const placed = groups.reduce((sum, group) => sum + group.placed, 0);
  const gone = placed - left;
  const noun = workload.writes.kind === "majority" ? "voter" : "member";
  const fate = { link: "out of reach", everything: "stopped", node: "lost", host: "lost", site: "lost" }[failure.kind];
  const unschedulable = placed < total ? `${total - placed} of ${total} ${noun}s found no node from the start` : "";
  if (gone === 0) return unschedulable === "" ? `it has ${total} ${noun}s${needsText(indexed)}` : unschedulable;
  const certain = groups.every(({ id }) => affected[id]?.lost.most === affected[id]?.lost.least);
  const count = total === 1 ? `its only ${noun}` : `${certain ? "" : "up to "}${gone} of ${total} ${noun}s`;
  const together = !certain && indexed.apart === "anywhere" && placed > 1 && gone > 1;
  const crowd = together ? " (no hard rule keeps them apart)" : "";
  const numbers = total === 1 ? "" : `, ${left} left${needsText(indexed)}`;
  const may = total === 1 ? (certain ? " is" : " may be") : "";
  return [`${count}${may} ${fate}${crowd}${numbers}`, unschedulable].filter((part) => part !== "").join("; ");
}

function needsText({ workload: { reads, writes }, total }: IndexedWorkload): string {
  if (writes.kind === "majority") return `, a majority is ${membersNeeded(writes, total)}`;
  if (writes.kind === "primary") return ", its leader may be among the missing";
  const parts = [
    ...(reads.kind === "atLeast" || reads.kind === "all" ? [`reading needs ${membersNeeded(reads, total)}`] : []),
    ...(writes.kind === "atLeast" || writes.kind === "all" ? [`writing needs ${membersNeeded(writes, total)}`] : []),
  ];
  return parts.map((part) => `, ${part}`).join("");
}

/** Why what is lost stays lost, in half a sentence; `undefined` where there is nothing to say. */
export function stuckText({ stuck, detail, workload }: AffectedGroup): string | undefined {
  if (stuck === undefined) return undefined;
  switch (stuck) {
    case "stands on every node":
      return "it runs on what is lost and does not move";
    case "its disk is there":
      return "its volume is node-local, on what is lost";
    case "its pod is stuck":
      return workload.workload.controller === "StatefulSet"
        ? "the StatefulSet's pod stays Terminating on the lost node until it is deleted by force"
        : "its volume stays attached to the lost node until the pod there is deleted by force";
    case "a person restarts it":
      return "each restart needs manual action";
    case "no node may have it":
      return `no node takes it: ${detail ?? "no node is left"}`;
    case "no room":
      return `no room${detail === undefined ? "" : `: the node that comes closest lacks ${detail}`}`;
    case "its site is lost":
      return "nothing moves to another site";
  }
}
