import type { Topology } from "@isthmus/core";
import type { Failure } from "./failure.ts";
import type { Assessment } from "./verdict.ts";

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
  const parts = [
    nodesTitle(nodes, site, topology),
    hostsTitle(hosts, nodes, { site, ...(topology ? { topology } : {}) }),
  ];
  return `${parts.filter((part) => part !== "").join(", ")} of ${site}`;
}

function nodesTitle(names: readonly string[], site: string, topology?: Topology): string {
  if (names.length === 0) return "";
  const all = topology?.sites.find((each) => each.name === site)?.nodes ?? [];
  const isExactly = (of: readonly { name: string }[]) =>
    names.length > 1 && of.length === names.length && of.every((node) => names.includes(node.name));
  if (isExactly(all)) return "any node";
  if (isExactly(all.filter((node) => node.role === "agent"))) return "any agent";
  if (isExactly(all.filter((node) => node.role === "server"))) return "any server";
  return listed("node", names);
}

function hostsTitle(
  hosts: readonly string[],
  nodes: readonly string[],
  { site, topology }: { site: string; topology?: Topology },
): string {
  if (hosts.length === 0) return "";
  const all =
    topology?.sites.find((each) => each.name === site)?.nodes.filter((node) => nodes.includes(node.name)) ?? [];
  const under = new Set(all.map((node) => node.host));
  const theirs = nodes.length > 0 && under.size === hosts.length && hosts.every((host) => under.has(host));
  return theirs ? (nodes.length === 1 ? "or its host" : "or the host under it") : listed("host", hosts);
}

function listed(kind: "node" | "host", names: readonly string[]): string {
  if (names.length === 1) return `${kind} ${names[0] ?? ""}`;
  if (names.length <= 3) return `${kind} ${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
  return `any of ${names.length} ${kind}s (${names[0] ?? ""} … ${names.at(-1) ?? ""})`;
}
