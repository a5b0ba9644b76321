import {
  below,
  mayRunOn,
  membersAt,
  topologyKey,
  type Finding,
  type Footprint,
  type NodeFacts,
  type SiteFacts,
} from "@isthmus/core";
import { clusterFindings, type ClusterFacts, type K3sNode } from "@isthmus/k3s";
import type { SiteModel } from "../config/load.ts";

/** Labels that Kubernetes sets by itself, and refuses from a node. */
const ownLabels = [topologyKey.node, topologyKey.architecture, "node-role.kubernetes.io/control-plane"];

/** The k3s cluster of a site, whose services' footprints say what they need of its hosts. Files need checksums, too. */
export function planCluster(
  site: SiteModel,
  facts: SiteFacts,
  footprints: readonly Footprint[],
): { plan: ClusterFacts; findings: readonly Finding[] } {
  const nodes = facts.topology.nodes.map((node) => ({
    ...toK3sNode(node),
    programs: programsOn(node, facts.name, footprints),
  }));
  const plan = { name: site.name, nodes, settings: site.kubernetes };
  const findings = clusterFindings(plan).map(({ about, ...finding }) => ({
    ...finding,
    at: below(site.from, "kubernetes", ...about.split(".")),
  }));
  return { plan, findings };
}

/** What the workloads that may run on a node call there. */
function programsOn(node: NodeFacts, site: string, footprints: readonly Footprint[]): readonly string[] {
  const here = footprints
    .flatMap(({ workloads }) => workloads)
    .filter((workload) => membersAt(workload, site) !== 0 && mayRunOn(workload, node));
  return [...new Set(here.flatMap(({ hostPrograms = [] }) => hostPrograms))].sort();
}

function toK3sNode({ name, role, address, architecture, labels, taints }: NodeFacts): K3sNode {
  const own = Object.entries(labels).filter(([key]) => !ownLabels.includes(key));
  return { name, role, address, architecture, labels: Object.fromEntries(own), taints };
}
