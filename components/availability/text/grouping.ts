import type { Topology } from "@isthmus/core";
import { areUnder, isAll, listed, nodesText } from "./failures.ts";
import type { Failure } from "../model/failure.ts";
import type { Assessment } from "../model/verdict.ts";

/** Failures that do the same to every service. */
export interface FailureGroup {
  /** `any agent of site-a`. */
  readonly title: string;
  readonly failures: readonly Failure[];
  /** What they do, in the order of the services. */
  readonly assessments: readonly Assessment[];
}

/** Failures in the order in which they were judged, those with equal verdicts together. */
export function groupFailures(assessments: readonly Assessment[], topology?: Topology): FailureGroup[] {
  const perFailure = new Map<Failure, Assessment[]>();
  for (const each of assessments) {
    const list = perFailure.get(each.failure) ?? [];
    list.push(each);
    perFailure.set(each.failure, list);
  }
  const groups = new Map<string, { failures: Failure[]; assessments: Assessment[] }>();
  for (const [failure, list] of perFailure) {
    const key = JSON.stringify([isOfNode(failure) ? failure.site : failure, list.map(verdictOf)]);
    const group = groups.get(key) ?? { failures: [], assessments: list };
    group.failures.push(failure);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ ...group, title: titleOf(group.failures, topology) }));
}

const isOfNode = (failure: Failure): failure is Failure & { kind: "node" | "host" } =>
  failure.kind === "node" || failure.kind === "host";

/** All of a verdict that a reader tells apart; whether one repairs a node or its host is not. */
function verdictOf({ failure, untilFull, returns, ...verdict }: Assessment): unknown {
  if (!isOfNode(failure)) return [verdict, untilFull, returns];
  const same = (step: string) => step.replaceAll("lost host", "lost node");
  return [verdict, untilFull.map(same), returns.by === "person" ? returns.steps.map(same) : returns];
}

function titleOf(failures: readonly Failure[], topology?: Topology): string {
  const [first] = failures;
  if (first?.kind === "site") return `all of ${first.site}`;
  if (first?.kind === "link") return "the link between the sites";
  if (first?.kind === "everything") return "power everywhere, then back";
  const nodes = failures.flatMap((failure) => (failure.kind === "node" ? [failure.node] : []));
  const hosts = failures.flatMap((failure) => (failure.kind === "host" ? [failure.host] : []));
  const site = first?.site ?? "";
  const known = topology?.sites.find((each) => each.name === site);
  const ofSite = (title: string) => (title === "" ? [] : [`${title} of ${site}`]);
  const theirs = nodes.length > 0 && areUnder(nodes, hosts, known);
  const hostsTitle = known !== undefined && isAll(hosts, known.hosts) ? "any host" : listed("host", hosts);
  const nodesTitle = known === undefined ? listed("node", nodes) : nodesText(nodes, known);
  return [...ofSite(nodesTitle), ...(theirs ? ["or its host"] : ofSite(hostsTitle))].join(", ");
}
