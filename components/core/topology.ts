import type { Bytes, Cpu } from "./quantity.ts";
import type { SourcePath } from "./source-path.ts";

export const allArchitectures = ["amd64", "arm64"] as const;
export type Architecture = (typeof allArchitectures)[number];
/** `server`: control plane and etcd voter. `agent`: runs pods only. */
export type NodeRole = "server" | "agent";

/** Networks on which nodes have an address of their own: the overlay between the sites, and the site's own network. */
export type NodeNetwork = "overlay" | "site";

export interface Taint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** A disk of a node, as the stack files state it. */
export interface DiskFacts {
  /** Where it is mounted; `/` is the disk with the operating system. */
  readonly mountPath: string;
  readonly size: Bytes;
  /** Where its size stands. */
  readonly from: SourcePath;
}

/** A machine that is a Kubernetes node. */
export interface NodeFacts {
  readonly name: string;
  readonly site: string;
  /** The physical host it stands on: itself for a Raspberry Pi, the hypervisor for a VM. */
  readonly host: string;
  readonly role: NodeRole;
  readonly architecture: Architecture;
  /** Its address on the site's own network. */
  readonly address: string;
  /** Its address on the overlay, which the other sites reach. */
  readonly overlayAddress?: string | undefined;
  readonly cpu: Cpu;
  readonly memory: Bytes;
  /** Where its memory, cores and disks stand; absent where that is `from`. */
  readonly sizesFrom?: SourcePath | undefined;
  /** Pods that its kubelet takes. Default: 110, the kubelet's own. */
  readonly maxPods?: number | undefined;
  /** Its disks, as far as they are stated; one that is not stated cannot be judged. */
  readonly disks?: readonly DiskFacts[] | undefined;
  /** All labels it carries: the user's, and those that Isthmus derives (hostname, zone = physical host, region = site). */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly from: SourcePath;
}

/** A site: hosts in one place behind one network, with a Kubernetes cluster of their own. */
export interface SiteTopology {
  readonly name: string;
  /** Physical hosts by name. */
  readonly hosts: readonly string[];
  readonly nodes: readonly NodeFacts[];
}

export interface Topology {
  readonly sites: readonly SiteTopology[];
}

/** The standard labels that placement uses. The zone of a node is its physical host, the region its site. */
export const topologyKey = {
  node: "kubernetes.io/hostname",
  host: "topology.kubernetes.io/zone",
  site: "topology.kubernetes.io/region",
  architecture: "kubernetes.io/arch",
} as const;

export const controlPlaneTaint: Taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
