import type { SiteTopology, Topology } from "@isthmus/core";
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
  const ofSite = (title: string) => (title === "" ? [] : [`${title} of ${site}`]);
  const theirs =
    nodes.length > 0 &&
    areUnder(
      nodes,
      hosts,
      topology?.sites.find((each) => each.name === site),
    );
  const lostHosts = theirs ? ["or its host"] : ofSite(listed("host", hosts));
  return [...ofSite(nodesTitle(nodes, site, topology)), ...lostHosts].join(", ");
}

function nodesTitle(names: readonly string[], site: string, topology?: Topology): string {
  const all = topology?.sites.find((each) => each.name === site)?.nodes ?? [];
  const isExactly = (of: readonly { name: string }[]) =>
    names.length > 1 && of.length === names.length && of.every((node) => names.includes(node.name));
  if (isExactly(all)) return "any node";
  if (isExactly(all.filter((node) => node.role === "agent"))) return "any agent";
  if (isExactly(all.filter((node) => node.role === "server"))) return "any server";
  return listed("node", names);
}

/** Whether these hosts are those that carry these nodes, one each. */
function areUnder(nodes: readonly string[], hosts: readonly string[], site: SiteTopology | undefined): boolean {
  const under = (site?.nodes ?? []).filter((node) => nodes.includes(node.name)).map((node) => node.host);
  return under.length === hosts.length && hosts.every((host) => under.includes(host));
}

function listed(kind: "node" | "host", names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length === 1) return `${kind} ${names[0] ?? ""}`;
  if (names.length <= 3) return `${kind} ${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
  return `any of ${names.length} ${kind}s (${names[0] ?? ""} … ${names.at(-1) ?? ""})`;
}
