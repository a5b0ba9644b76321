import { createHash } from "node:crypto";
import type { Parameters } from "@isthmus/remote/script";
import { checksumsOf } from "../settings/checksums.ts";
import { agentConfig, registrationFile, serverConfig, type HostFile } from "../files/config.ts";
import { labelTexts, taintText, urlHost, type K3sNode } from "./node.ts";
import { joinCandidates, plannedNodes, type ClusterPlan, type NodePlan } from "./plan.ts";
import { installerUrl, releases, urlVersion } from "../settings/pins.ts";
import { peerText, type Peer } from "./roster.ts";
import type { K3sSettings } from "../settings/schema.ts";

/** A machine's id as a label can hold it, whatever it is made of. */
export function machineLabel(machineId: string): string {
  return createHash("sha256").update(machineId).digest("hex").slice(0, 16);
}

/** What is known of a node only when its machine is there and the cluster lives. */
export interface NodeLiveFacts {
  /** Identifies the machine; another one means that the machine was replaced. From `machineLabel`. */
  readonly machine: string;
  /** `K10…`, what the long form of a token begins with; empty for the machine on which the cluster began. */
  readonly ca: string;
  /** Addresses of the other servers when this node's machine came. They need not be the ones of today: the API address leads to those. */
  readonly servers: readonly string[];
  /** Take over what runs without a restart. */
  readonly adopt: boolean;
}

/** What `install-server.sh` and `install-agent.sh` are told. */
export function installParameters(cluster: ClusterPlan, { node, files }: NodePlan, live: NodeLiveFacts): Parameters {
  const { settings } = cluster;
  return {
    NODE: node.name,
    ADDRESS: urlHost(node.address),
    API_ADDRESS: urlHost(cluster.apiAddress),
    API_KIND: settings.api.kind,
    ...fixedParameters(settings),
    BACKEND_PORT: backendPort[settings.flannel],
    EMBEDDED_REGISTRY: settings.registries.embedded,
    CANDIDATES: joinCandidates(node, cluster.apiAddress, live.servers),
    CA: live.ca,
    ADOPT: live.adopt,
    WAIT_SECONDS: settings.waitSeconds,
    DRAIN: settings.upgrade.drain,
    DRAIN_SECONDS: settings.upgrade.drainSeconds,
    ...sourceParameters(settings),
    ...fileParameters([...files, registrationFile(node, live.machine)]),
  };
}

/** What a server compares with what it was told before: see `fixed.sh`. */
function fixedParameters({ clusterCidr, serviceCidr, flannel, secretsEncryption }: K3sSettings): Parameters {
  return {
    CLUSTER_CIDR: clusterCidr,
    SERVICE_CIDR: serviceCidr,
    FLANNEL: flannel,
    SECRETS_ENCRYPTION: secretsEncryption,
  };
}

/** Names of the secrets of `install-server.sh` and `install-agent.sh`. */
export const installSecrets = {
  server: ["AGENT_TOKEN", "OLDER_TOKENS", "REGISTRIES", "SERVER_TOKEN", "SNAPSHOT_STORE"],
  agent: ["AGENT_TOKEN", "REGISTRIES"],
} as const;

function sourceParameters(settings: K3sSettings): Parameters {
  const { version, source } = settings;
  const mirror = source.folder === undefined ? source.url?.replace(/\/$/, "") : undefined;
  const base =
    source.folder === undefined ? `${mirror ?? releases}/${urlVersion(version)}` : `${source.folder}/${version}`;
  const { installer, architectures } = checksumsOf(settings);
  return {
    VERSION: version,
    SOURCE: base,
    INSTALLER: source.folder === undefined && mirror === undefined ? installerUrl(version) : `${base}/install.sh`,
    INSTALLER_SHA256: installer,
    ARCHITECTURES: architectures.map(({ architecture }) => architecture),
    BINARY_SHA256: architectures.map(({ binary }) => binary),
    SOURCE_CA: source.ca ?? "",
    ...archiveParameters(
      architectures.flatMap(({ architecture, images, archives }) => [
        ...(source.images ? [[architecture, `k3s-airgap-images-${architecture}.tar.zst`, images ?? ""] as const] : []),
        ...Object.entries(archives).map(([file, sum]) => [architecture, file, sum] as const),
      ]),
    ),
  };
}

function archiveParameters(archives: readonly (readonly [string, string, string])[]): Parameters {
  return {
    ARCHIVE_ARCHITECTURES: archives.map(([architecture]) => architecture),
    ARCHIVES: archives.map(([, file]) => file),
    ARCHIVE_SHA256: archives.map(([, , sum]) => sum),
  };
}

function fileParameters(files: readonly HostFile[]): Parameters {
  return {
    FILE_PATHS: files.map(({ path }) => path),
    FILE_MODES: files.map(({ mode }) => mode),
    FILE_CONTENTS: files.map(({ content }) => content),
    FILE_RESTARTS: files.map(({ restarts }) => String(restarts)),
  };
}

/** What is to be made of a host, as one word: another one as soon as anything of it changes. As secret as what goes in. */
export function declaredDigest(parameters: Parameters, secrets: Readonly<Record<string, string>>): string {
  return createHash("sha256")
    .update(JSON.stringify([parameters, secrets]))
    .digest("hex");
}

const backendPort: Readonly<Record<K3sSettings["flannel"], number>> = {
  vxlan: 8472,
  "wireguard-native": 51820,
  "host-gw": 0,
  none: 0,
};

/** How long a host waits for the servers of a new cluster, whose machines come up at about the same time, in seconds. */
const peerSeconds = 20;

/** What `preflight.sh` is told. `peers` are those that it looks for on the network, from `peersOf`. */
export function preflightParameters(
  { settings, apiAddress }: ClusterPlan,
  node: K3sNode,
  peers: readonly Peer[],
): Parameters {
  const { api, source } = settings;
  return {
    ...sourceParameters(settings),
    NODE: node.name,
    ROLE: node.role,
    ...adoptionParameters(settings, node),
    ADDRESS: node.address,
    API_KIND: api.kind,
    API_ADDRESS: apiAddress,
    API_INTERFACE: api.kind === "kube-vip" ? (api.interface ?? "") : "",
    ...fixedParameters(settings),
    BACKEND_PORT: backendPort[settings.flannel],
    REGISTRY_PORT: settings.registries.embedded ? 5001 : 0,
    DISK_MIB: settings.diskMib,
    CGROUP_V1: settings.kubeletArguments.includes("fail-cgroupv1=false"),
    PROGRAMS: node.programs ?? [],
    PEERS: peers.map(peerText),
    PEER_SECONDS: peerSeconds,
    TIME_SOURCE: source.folder === undefined ? (source.url ?? releases) : "",
  };
}

/** What a k3s that others set up is compared with; nothing where there is none, so that a change looks at no host anew for it. */
function adoptionParameters(settings: K3sSettings, node: K3sNode): Parameters {
  if (settings.adopt === undefined) return { ADOPT: false };
  return { ADOPT: true, DECLARED: (node.role === "server" ? serverConfig : agentConfig)(node, settings) };
}

/** What `adopt.sh` is told, on the first server. */
export function adoptParameters(cluster: ClusterPlan, { name }: K3sNode): Parameters {
  const { settings, apiAddress } = cluster;
  const nodes = plannedNodes(cluster).map(({ node }) => node);
  return {
    NODE: name,
    NODES: nodes.map((node) => node.name),
    ROLES: nodes.map(({ role }) => role),
    ADDRESSES: nodes.map(({ address }) => address),
    VERSION: settings.version,
    API_ADDRESS: urlHost(apiAddress),
    CLUSTER_CIDR: settings.clusterCidr,
    SERVICE_CIDR: settings.serviceCidr,
    SECRETS_ENCRYPTION: settings.secretsEncryption,
  };
}

/** What `status.sh` is told. */
export function statusParameters({ settings }: ClusterPlan, { node, files }: NodePlan): Parameters {
  return { NODE: node.name, ROLE: node.role, VERSION: settings.version, ...fileParameters(files) };
}

/** What `admission.sh` and `membership.sh` are told of the nodes, in the order of their names. */
export function memberParameters(cluster: ClusterPlan, machines: Readonly<Record<string, string>>): Parameters {
  const nodes = plannedNodes(cluster)
    .map(({ node }) => node)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    NODES: nodes.map(({ name }) => name),
    MACHINES: nodes.map(({ name }) => machines[name] ?? ""),
    ADDRESSES: nodes.map(({ address }) => address),
    LABELS: nodes.map(({ labels }) => labelTexts(labels).join(" ")),
    TAINTS: nodes.map(({ taints }) => taints.map(taintText).join(" ")),
  };
}
