import { below, topologyKey, type Finding, type NodeFacts, type SiteFacts } from "@isthmus/core";
import { clusterFindings, type ClusterFacts, type K3sNode } from "@isthmus/k3s";
import type { SiteModel } from "../config/load.ts";

/** Labels that Kubernetes sets by itself, and refuses from a node. */
const ownLabels = [topologyKey.node, topologyKey.architecture, "node-role.kubernetes.io/control-plane"];

/** The k3s cluster of a site. Rules of its own beside those of the stack files: files need checksums. */
export function planCluster(site: SiteModel, facts: SiteFacts): { plan: ClusterFacts; findings: readonly Finding[] } {
  const plan = { name: site.name, nodes: facts.topology.nodes.map(toK3sNode), settings: site.kubernetes };
  const findings = clusterFindings(plan)
    .filter(({ about }) => about.startsWith("checksums"))
    .map(({ about, problem, mend }) => ({
      rule: "checksum-missing",
      at: below(site.from, "kubernetes", ...about.split(".")),
      problem,
      mend,
    }));
  return { plan, findings };
}

function toK3sNode({ name, role, address, architecture, labels, taints }: NodeFacts): K3sNode {
  const own = Object.entries(labels).filter(([key]) => !ownLabels.includes(key));
  return { name, role, address, architecture, labels: Object.fromEntries(own), taints };
}
