import type { NodeFacts } from "@isthmus/core";
import type { Failure } from "./failure.ts";
import type { FleetIndex } from "./fleet-index.ts";

/**
 * Gives failures that do the same to every service the same name: nodes that differ only in what no footprint asks for,
 * on hosts that carry the same nodes.
 */
export function classifier(index: FleetIndex): (failure: Failure) => string {
  const asked = new Set(
    index.services.flatMap(({ workloads }) =>
      workloads.flatMap(({ workload }) => workload.runsOn.required.map((requirement) => requirement.key)),
    ),
  );
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  };
  const kindOfNode = new Map<string, number>();
  const kindsOnHost = new Map<string, number[]>();
  const hostOfNode = new Map<string, string>();
  for (const node of [...index.sites.values()].flatMap((site) => site.nodes)) {
    const kind = numberOf(kindOf(node, asked));
    const host = keyOf(node.site, node.host);
    kindOfNode.set(keyOf(node.site, node.name), kind);
    hostOfNode.set(keyOf(node.site, node.name), host);
    const kinds = kindsOnHost.get(host) ?? [];
    kinds.push(kind);
    kindsOnHost.set(host, kinds);
  }
  const kindOfHost = new Map<string, number>();
  for (const [host, kinds] of kindsOnHost) kindOfHost.set(host, numberOf(kinds.sort((a, b) => a - b).join()));
  return (failure) => {
    if (failure.kind === "host") {
      return `host ${failure.site} ${kindOfHost.get(keyOf(failure.site, failure.host)) ?? "without nodes"}`;
    }
    if (failure.kind !== "node") return JSON.stringify(failure);
    const key = keyOf(failure.site, failure.node);
    return `node ${kindOfNode.get(key) ?? "unknown"} ${kindOfHost.get(hostOfNode.get(key) ?? "") ?? ""}`;
  };
}

const keyOf = (site: string, name: string): string => JSON.stringify([site, name]);

/** Everything of a node that a verdict may depend on, but its name and its host. */
function kindOf(node: NodeFacts, asked: ReadonlySet<string>): string {
  const labels = Object.entries(node.labels)
    .filter(([key]) => asked.has(key))
    .sort();
  const taints = node.taints.map(({ key, value, effect }) => [key, value ?? null, effect]);
  return JSON.stringify([node.site, node.role, node.architecture, node.cpu, node.memory, labels, taints]);
}
