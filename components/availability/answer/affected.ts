import { toSeconds, type NodeFacts } from "@isthmus/core";
import { takes, type Failure } from "../model/failure.ts";
import { domainsOf, type FleetIndex, type Group, type IndexedWorkload } from "../model/fleet-index.ts";
import { loadsAt, missingText, roomFor, type Fit } from "../capacity/room.ts";
import { whyNoNode } from "../model/refusal.ts";
import { moveSeconds } from "../model/timing.ts";

/** Why a lost member does not come back by itself. */
type Stuck =
  | "stands on every node"
  | "its disk is there"
  | "its pod is stuck"
  | "a person restarts it"
  | "no node may have it"
  | "no room"
  | "its site is lost";

/** What happens to the members of a workload at one site. */
export interface AffectedGroup {
  readonly workload: IndexedWorkload;
  readonly group: Group;
  /** Members lost in the worst placement that the hard rules permit, and in the best one. */
  readonly lost: { readonly most: number; readonly least: number };
  /** Lost members that start again by themselves, so many seconds after all that they need is there. */
  readonly returning: { readonly members: number; readonly seconds: number };
  /** Of those that do not: the reason. */
  readonly stuck?: Stuck;
  /** Why no node takes it, or what is missing where there is no room. */
  readonly detail?: string;
}

/** What a failure takes from each group; in the list, a group stands at its id. */
export function affectedBy(index: FleetIndex, failure: Failure): AffectedGroup[] {
  const rest = failure.kind === "node" || failure.kind === "host" ? restAfter(index, failure) : nothingLeft;
  const affected: AffectedGroup[] = [];
  for (const { workloads } of index.services) {
    for (const workload of workloads) {
      for (const group of workload.groups) affected[group.id] = affectedGroupOf({ workload, group }, failure, rest);
    }
  }
  return affected;
}

const nothingLeft: Rest = { nodes: [], room: () => ({ members: 0 }) };

type Members = Pick<AffectedGroup, "workload" | "group">;
/** What is left of a member's site. */
interface Rest {
  readonly room: (members: Members) => Fit;
  readonly nodes: readonly NodeFacts[];
}

function restAfter(index: FleetIndex, failure: Failure & { kind: "node" | "host" }): Rest {
  const nodes = (index.sites.get(failure.site)?.nodes ?? []).filter((node) => !takes(failure, node));
  const room = roomFor(nodes, loadsAt(index, failure.site));
  return { nodes, room: ({ workload, group }) => room({ workload, group, members: group.placed }) };
}

function affectedGroupOf(members: Members, failure: Failure, rest: Rest): AffectedGroup {
  if (failure.kind === "everything") return restartOf(members);
  const hit = members.group.eligible.filter((node) => takes(failure, node));
  if (hit.length === 0 || members.group.placed === 0) {
    return { ...members, lost: { most: 0, least: 0 }, returning: { members: 0, seconds: 0 } };
  }
  const left = members.group.eligible.filter((node) => !takes(failure, node));
  const lost = lossOf(members, hit, left);
  const stuck = stuckAfter(members, failure);
  if (stuck !== undefined) return { ...members, lost, returning: { members: 0, seconds: 0 }, stuck };
  return { ...members, lost, ...moveOf(members, { lost: lost.most, left, rest }) };
}

/** Members lost when as many, and when as few, as the hard rules permit stand on the nodes that are hit. */
function lossOf({ workload, group }: Members, hit: readonly NodeFacts[], left: readonly NodeFacts[]) {
  const most = Math.min(group.placed, domainsOf(hit, workload.apart) ?? group.placed);
  const elsewhere = left.length === 0 ? 0 : Math.min(group.placed, domainsOf(left, workload.apart) ?? group.placed);
  return { most, least: group.placed - elsewhere };
}

/** Why no member can move at all, if so. Sites do not share a cluster: nothing moves to another one. */
function stuckAfter({ workload }: Members, failure: Failure): Stuck | undefined {
  const { controller, stores, restarts } = workload.workload;
  if (failure.kind === "site") return "its site is lost";
  if (workload.perNode || controller === "DaemonSet" || controller === "host") return "stands on every node";
  if (stores?.moves === "nowhere") return "its disk is there";
  const freed = stores === undefined ? controller !== "StatefulSet" : stores.freedFromDeadNode;
  if (!freed) return "its pod is stuck";
  return restarts.by === "person" ? "a person restarts it" : undefined;
}

function moveOf(
  { workload, group }: Members,
  { lost, left, rest }: { lost: number; left: readonly NodeFacts[]; rest: Rest },
): Pick<AffectedGroup, "returning" | "stuck" | "detail"> {
  const survivors = group.placed - lost;
  const places = left.length === 0 ? 0 : (domainsOf(left, workload.apart) ?? group.placed);
  const permitted = Math.max(0, Math.min(lost, places - survivors));
  const fit = rest.room({ workload, group });
  const members = Math.min(permitted, Math.max(0, fit.members - survivors));
  const { restarts, stores } = workload.workload;
  const start = restarts.by === "itself" ? toSeconds(restarts.within) : 0;
  const returning = { members, seconds: members === 0 ? 0 : moveSeconds(stores !== undefined) + start };
  if (members === lost) return { returning };
  if (members === permitted)
    return { returning, stuck: "no node may have it", detail: whyNoNode(workload, rest.nodes) };
  return { returning, stuck: "no room", ...(fit.missing === undefined ? {} : { detail: missingText(fit.missing) }) };
}

/** After a power cut every member starts where it stood, unless a person must start it. */
function restartOf({ workload, group }: Members): AffectedGroup {
  const lost = { most: group.placed, least: group.placed };
  const { restarts } = workload.workload;
  if (restarts.by === "person") {
    return { workload, group, lost, returning: { members: 0, seconds: 0 }, stuck: "a person restarts it" };
  }
  return { workload, group, lost, returning: { members: group.placed, seconds: toSeconds(restarts.within) } };
}
