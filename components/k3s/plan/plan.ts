import { createHash } from "node:crypto";
import { checksumFindings } from "../settings/checksums.ts";
import { kubeletFindings } from "../settings/kubelet-arguments.ts";
import { defineRule } from "../rules.ts";
import type { ClusterFinding } from "../settings/finding.ts";
import { nodeFiles, type HostFile } from "../files/config.ts";
import { joinOrder, urlHost, type JoinOrder, type K3sNode } from "./node.ts";
import type { K3sSettings } from "../settings/schema.ts";

/** A cluster, in plain data. */
export interface ClusterFacts {
  /** The cluster's name, usually the site's. */
  readonly name: string;
  /** In the order in which they join; the first server starts the cluster. */
  readonly nodes: readonly K3sNode[];
  readonly settings: K3sSettings;
}

export interface NodePlan {
  readonly node: K3sNode;
  /** What lies on the host before k3s starts, but for tokens, the way to join and the registration. */
  readonly files: readonly HostFile[];
}

export interface ClusterPlan {
  readonly name: string;
  readonly settings: K3sSettings;
  /** Says which cluster this is, at a time when its kubeconfig is not known: it never changes in a cluster's life. */
  readonly clusterIdentifier: string;
  readonly apiAddress: string;
  /** The first server starts the cluster; then each waits for the one before it. Agents come after all of them. */
  readonly order: JoinOrder<NodePlan>;
}

/** What is done to which node in which order. */
export function planCluster({ name, nodes, settings }: ClusterFacts): ClusterPlan {
  const { servers, lanes } = joinOrder(nodes, settings.agentLanes);
  const planned = (node: K3sNode): NodePlan => ({ node, files: nodeFiles(node, settings) });
  return {
    name,
    settings,
    clusterIdentifier: clusterIdentifier(name, settings),
    apiAddress: settings.api.address,
    order: { servers: servers.map(planned), lanes: lanes.map((lane) => lane.map(planned)) },
  };
}

/** All nodes of a plan, servers first. */
export function plannedNodes({ order }: ClusterPlan): readonly NodePlan[] {
  return [...order.servers, ...order.lanes.flat()];
}

/** Name and networks are what cannot change without another cluster. */
export function clusterIdentifier(name: string, settings: Pick<K3sSettings, "clusterCidr" | "serviceCidr">): string {
  const digest = createHash("sha256").update(`${settings.clusterCidr} ${settings.serviceCidr}`).digest("hex");
  return `${name}-${digest.slice(0, 8)}`;
}

const cniMissingRule = defineRule({
  id: "cni-missing",
  severity: "high",
  summary: "Something brings the cluster a pod network.",
  fix: "Write vxlan, host-gw or wireguard-native; none is for a cluster that is taken over with its own CNI.",
  docs: "docs/reference/site.md#kubernetes",
});

/** What k3s would refuse, or what would be lost later, told beforehand. */
export function clusterFindings({ nodes, settings }: ClusterFacts): readonly ClusterFinding[] {
  return [...networkFindings(settings), ...checksumFindings(nodes, settings), ...kubeletFindings(settings)];
}

/** Nodes are Ready with a pod network only, and nothing comes before they are. A cluster that is taken over has its own already. */
function networkFindings({ flannel, adopt }: K3sSettings): readonly ClusterFinding[] {
  if (flannel !== "none" || adopt !== undefined) return [];
  return [
    {
      rule: cniMissingRule.id,
      about: "flannel",
      problem: `"none" leaves the pod network to another CNI, and nothing here brings one: the first server would be waited for until waitSeconds are over`,
      fix: "write vxlan, host-gw or wireguard-native; none is for a cluster that runs with its own CNI, and is taken over with adopt",
    },
  ];
}

/** Where a server or an agent may look for the cluster, as hosts of a URL, without repetition. */
export function joinCandidates(node: K3sNode, apiAddress: string, servers: readonly string[]): readonly string[] {
  const api = urlHost(apiAddress);
  // A server joins a member rather than an address that moves; an agent keeps the address that outlives any server.
  return [...new Set(node.role === "server" ? [...servers, api] : [api, ...servers])];
}
