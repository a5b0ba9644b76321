import type { Workload } from "@isthmus/core";
import { domainsOf, indexFleet, type IndexedWorkload } from "../model/fleet-index.ts";
import type { FleetFootprint, PlacedService } from "../model/fleet.ts";
import type { Failure } from "../model/failure.ts";
import { membersNeeded, withWitness } from "../model/quorum.ts";
import type { Assessment } from "../model/verdict.ts";

/** What to change so that a service goes on after a failure that it does not survive now. */
export function alternativeTo(
  assessment: Assessment,
  fleet: FleetFootprint,
  assessments: readonly Assessment[],
): string {
  return alternative(assessment, { fleet, assessments, asked: [assessment.service] });
}

interface Question {
  readonly fleet: FleetFootprint;
  readonly assessments: readonly Assessment[];
  /** Services on the way here, so that a circle of uses ends. */
  readonly asked: readonly string[];
}

function alternative(assessment: Assessment, question: Question): string {
  const { cause, failure, startCycle } = assessment;
  if (startCycle !== undefined) return `let one of ${startCycle.join(", ")} start without the next`;
  if (cause === undefined) return "add what the verdict names";
  if ("provider" in cause) return ofProvider(cause.provider, failure, question);
  const service = question.fleet.services.find((each) => each.id === assessment.service);
  const index = indexFleet(question.fleet).services.find((each) => each.service.id === assessment.service);
  const indexed = index?.workloads.find(({ workload }) => workload.name === cause.workload);
  if (service === undefined || indexed === undefined) return "add what the verdict names";
  return ofWorkload(indexed, service, failure);
}

function ofProvider(provider: string, failure: Failure, question: Question): string {
  const first = `let ${provider} survive it`;
  if (question.asked.includes(provider)) return first;
  const same = JSON.stringify(failure);
  const theirs = question.assessments.find(
    (each) => each.service === provider && JSON.stringify(each.failure) === same,
  );
  if (theirs === undefined) return first;
  return `${first}: ${alternative(theirs, { ...question, asked: [...question.asked, provider] })}`;
}

function ofWorkload(indexed: IndexedWorkload, service: PlacedService, failure: Failure): string {
  switch (failure.kind) {
    case "everything":
      return "let it start without a person and without what is off too";
    case "link":
      return overLink(indexed);
    case "site":
      return overSites(indexed, service);
    case "node":
    case "host":
      return withinSite(indexed, failure);
  }
}

function overLink({ workload }: IndexedWorkload): string {
  if (workload.writes.kind === "majority")
    return "give one site the majority of the voters, such as 3+2, or run one cluster per site";
  return "run one instance per site, each complete in itself";
}

function overSites({ workload, groups, total }: IndexedWorkload, service: PlacedService): string {
  const ownEach = "run one instance per site";
  const { writes } = workload;
  const layout = groups.map((group) => group.placed).filter((placed) => placed > 0);
  if (writes.kind === "majority") {
    const with3 =
      layout.length < 2 || service.site !== undefined
        ? [1, 1, 1]
        : layout.length === 2
          ? withWitness(layout)
          : layout.map(() => 1);
    const where =
      layout.length === 2
        ? "with a witness at a third place survives either site"
        : "over three places survives any of them";
    const now = layout.length === 2 ? `${layout.join("+")} cannot hold; ` : "";
    const text = layout.length === 2 ? with3.slice(0, 2).join("+") : with3.join("+");
    return `${now}${text} ${where}; or ${ownEach}`;
  }
  if (writes.kind === "atLeast" && service.site === undefined) {
    const spare = total - writes.members;
    if (spare < 1)
      return `writing needs all ${total} members: add members at other places, or ${ownEach} and replicate`;
    return `writing needs ${writes.members} of ${total}, so no place may have more than ${spare}: spread them over ${Math.ceil(total / spare)} places, or ${ownEach} and replicate`;
  }
  return writes.kind === "primary" && writes.failover === "person" && service.site === undefined
    ? `let another member take over without a person, or ${ownEach}`
    : ownEach;
}

function withinSite(indexed: IndexedWorkload, failure: Failure & { kind: "node" | "host" }): string {
  const { workload, groups, total } = indexed;
  const group = groups.find((each) => each.site === failure.site);
  const places = domainsOf(group?.eligible ?? [], failure.kind) ?? 0;
  const are = `${places} ${failure.kind}${places === 1 ? "" : "s"} of ${failure.site} may have one now`;
  const apart = `kept apart over ${failure.kind}s by a required spread (${are})`;
  const { writes, reads } = workload;
  if (writes.kind === "majority") return `${Math.max(3, total)} voters ${apart}`;
  if (writes.kind === "atLeast" || reads.kind === "atLeast") {
    const needed = Math.max(membersNeeded(writes, total), membersNeeded(reads, total));
    return needed < total ? `its ${total} members ${apart}` : `more than the ${needed} members that it needs, ${apart}`;
  }
  if (writes.kind === "primary" && writes.failover === "person")
    return `2 members ${apart}, and failover without a person`;
  return movable(workload, `2 members ${apart}`);
}

function movable({ stores, restarts, controller }: Workload, members: string): string {
  if (stores?.moves === "nowhere")
    return `${members}, or storage that moves to another node and is freed from a dead one`;
  const freed = stores === undefined ? controller !== "StatefulSet" : stores.freedFromDeadNode;
  if (!freed) return `${members}, or storage that is freed from a dead node`;
  if (restarts.by === "person") return `${members}, or a restart without a person`;
  return `${members}, or another node with room for it`;
}
