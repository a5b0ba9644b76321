import type { Bytes, Cpu, Duration } from "./quantity.ts";
import type { Backup } from "./backup.ts";
import type { CapabilityName } from "./capability.ts";
import type { SourcePath } from "./source-path.ts";
import type { Architecture, NodeFacts, SiteTopology, Taint } from "./topology.ts";

/** How many members a workload has: so many per site, or one on each node that it may run on. */
export type Members = { readonly perSite: Readonly<Record<string, number>> } | { readonly perNode: true };

/** What a workload needs of its members to be read, or to be written. */
export type Condition =
  /** One member is enough. */
  | { readonly kind: "any" }
  /** More than half of its voters. */
  | { readonly kind: "majority" }
  /** So many members, such as n of m drives. */
  | { readonly kind: "atLeast"; readonly members: number }
  | { readonly kind: "all" }
  /** One member leads; another takes over by itself within `failover`, or a person promotes it. */
  | { readonly kind: "primary"; readonly failover: Duration | "person" }
  /** It is not written, or it is not read: no condition to lose. */
  | { readonly kind: "nothing" };

/** How a member that stopped (its node restarted, the power was off) comes back. */
export type Restart =
  { readonly by: "itself"; readonly within: Duration } | { readonly by: "person"; readonly steps: readonly string[] };

/** A capability that a workload uses, and for what. */
export interface Use {
  readonly capability: CapabilityName;
  readonly to: readonly ("start" | "read" | "write")[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly values: readonly string[];
}

/** Members keep apart over nodes, physical hosts or sites: `required` or as far as possible. */
export interface Spread {
  readonly over: "node" | "host" | "site";
  readonly required: boolean;
}

export interface RunsOn {
  /** Labels that a node must have. */
  readonly required: readonly LabelRequirement[];
  /** Labels that a node should have. */
  readonly preferred: readonly LabelRequirement[];
  readonly tolerations: readonly Taint[];
  readonly spread: readonly Spread[];
}

/** What each member stores. */
export interface Store {
  readonly what: string;
  /** Of each volume. */
  readonly size: Bytes;
  /** Volumes of this kind that each member has. Default: 1. */
  readonly volumes?: number | undefined;
  /** Keys of the stack files that size and number come from, also where they have their default. Default: none, both are fixed. */
  readonly sizedBy?: readonly SourcePath[] | undefined;
  /** The StorageClass; absent: a disk of the node itself. */
  readonly storageClass?: string | undefined;
  /** How far its volume can move when its node is lost. */
  readonly moves: "nowhere" | "site";
  /** Whether the storage frees a pod from a dead node by itself; otherwise a person deletes the pod. */
  readonly freedFromDeadNode: boolean;
  readonly backup: Backup;
}

/** Another workload that this one connects to. */
export interface Reach {
  /** `instance/workload`, or `site/instance/workload` at another site. */
  readonly to: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  readonly tls: boolean;
  /** Each member by an address of its own, or one shared address. */
  readonly address: "perMember" | "shared";
}

/** Pods of one kind: what they need, where they may run, what they store, and what they survive. All of it plain data. */
export interface Workload {
  /** Unique in its service. */
  readonly name: string;
  readonly controller: "Deployment" | "StatefulSet" | "DaemonSet" | "operator" | "host";
  readonly members: Members;
  /** The pods' labels, for affinity between them. */
  readonly selector: Readonly<Record<string, string>>;
  /** Of each member, all its containers together. */
  readonly requests: { readonly memory: Bytes; readonly cpu: Cpu };
  readonly limits: { readonly memory: Bytes };
  /** Keys of the stack files that members and requests come from, also where they have their default. Default: none, both are fixed. */
  readonly sizedBy?: readonly SourcePath[] | undefined;
  /** CPU architectures that its images exist for. */
  readonly architectures: readonly Architecture[];
  readonly uses: readonly Use[];
  readonly reads: Condition;
  readonly writes: Condition;
  readonly restarts: Restart;
  readonly runsOn: RunsOn;
  readonly stores?: Store | undefined;
  /** Volumes of another kind that each member has beside, such as one for a log. Default: none. */
  readonly storesAlso?: readonly Store[] | undefined;
  readonly reaches: readonly Reach[];
  /** Programs that it calls on the host of each of its members, such as `iscsiadm`. Default: none. */
  readonly hostPrograms?: readonly string[] | undefined;
}

/** All kinds of volumes that each member has. */
export function storesOf({ stores, storesAlso = [] }: Pick<Workload, "stores" | "storesAlso">): readonly Store[] {
  return stores === undefined ? storesAlso : [stores, ...storesAlso];
}

/** The number of members at `site`, or `undefined` where there is one per node. */
export function membersAt(workload: Workload, site: string): number | undefined {
  return "perSite" in workload.members ? (workload.members.perSite[site] ?? 0) : undefined;
}

/** All members of a workload, or `undefined` where there is one per node. */
export function totalMembers(workload: Workload): number | undefined {
  if (!("perSite" in workload.members)) return undefined;
  return Object.values(workload.members.perSite).reduce((sum, count) => sum + count, 0);
}

/** Whether a node's labels satisfy a requirement. */
export function satisfies(labels: Readonly<Record<string, string>>, requirement: LabelRequirement): boolean {
  const value = labels[requirement.key];
  return value !== undefined && requirement.values.includes(value);
}

/** Whether a workload that tolerates `tolerations` may stay on a node with `taint`. */
export function tolerates(tolerations: readonly Taint[], taint: Taint): boolean {
  if (taint.effect === "PreferNoSchedule") return true;
  return tolerations.some(
    (toleration) =>
      toleration.key === taint.key &&
      toleration.effect === taint.effect &&
      (toleration.value === undefined || toleration.value === taint.value),
  );
}

/** Whether a member may run on a node: its labels, taints and CPU architecture, not its free room. */
export function mayRunOn(
  workload: Workload,
  node: { labels: Readonly<Record<string, string>>; taints: readonly Taint[]; architecture: Architecture },
): boolean {
  return (
    workload.architectures.includes(node.architecture) &&
    workload.runsOn.required.every((requirement) => satisfies(node.labels, requirement)) &&
    node.taints.every((taint) => tolerates(workload.runsOn.tolerations, taint))
  );
}

/** The nodes of a site whose taints keep no pod off that tolerates `tolerations`. */
export function nodesOpenTo(site: SiteTopology, tolerations: readonly Taint[] = []): readonly NodeFacts[] {
  return site.nodes.filter((node) => node.taints.every((taint) => tolerates(tolerations, taint)));
}

/** Members keep apart: by node for certain where `byNode` says so, by physical host where there is room. */
export function keptApart({ byNode }: { readonly byNode: boolean }): RunsOn {
  const spread = [
    { over: "node", required: byNode },
    { over: "host", required: false },
  ] as const;
  return { required: [], preferred: [], tolerations: [], spread };
}
