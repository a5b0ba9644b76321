import { satisfies, tolerates, unique, type NodeFacts, type Taint, type Workload } from "@isthmus/core";
import { domainOf, type Apart } from "./fleet-index.ts";

/** Who looks for a node: a workload, and where its members may not stand together. */
export interface Seeker {
  readonly workload: Workload;
  readonly apart: Apart;
}

/**
 * Why none of `nodes` takes one member more, in Kubernetes' terms: taints, node affinity, architecture, anti-affinity. Numbers
 * in place of names: failures that differ only in names are judged once.
 */
export function whyNoNode({ workload, apart }: Seeker, nodes: readonly NodeFacts[]): string {
  const refused = nodes.map((node) => refusalsOf(workload, node));
  const open = nodes.filter((_, place) => refused[place]?.length === 0);
  const texts = unique(refused.flat());
  const counted = texts.map((text) => `${text} (${nodesText(refused.filter((each) => each.includes(text)).length)})`);
  const reasons = [...antiAffinity(open, apart), ...counted];
  return reasons.length === 0 ? "no node is left" : reasons.join("; ");
}

/** Every reason for which one node takes no member of a workload, not counting its free room. */
function refusalsOf({ architectures, runsOn, controller }: Workload, node: NodeFacts): string[] {
  const taints = controller === "host" ? [] : node.taints;
  return [
    ...taints.filter((taint) => !tolerates(runsOn.tolerations, taint)).map((taint) => `taint ${taintText(taint)}`),
    ...runsOn.required
      .filter((requirement) => !satisfies(node.labels, requirement))
      .map(({ key, values }) => `node affinity ${key} in [${values.join(", ")}]`),
    ...(architectures.includes(node.architecture) ? [] : [`no image for ${node.architecture}`]),
  ];
}

/** A taint as `kubectl taint` takes it. */
const taintText = ({ key, value, effect }: Taint): string =>
  `${key}${value === undefined ? "" : `=${value}`}:${effect}`;

/** Nodes that may have members, and have all that they may. */
function antiAffinity(open: readonly NodeFacts[], apart: Apart): string[] {
  if (open.length === 0 || apart === "anywhere") return [];
  const places = unique(open.map((node) => domainOf(node, apart))).length;
  return [`required anti-affinity (${places} ${apart}${places === 1 ? "" : "s"} left, one member each)`];
}

const nodesText = (count: number): string => `${count} node${count === 1 ? "" : "s"}`;
