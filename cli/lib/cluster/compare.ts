import { plannedNodes, type ClusterPlan, type K3sNode } from "@isthmus/k3s";
import { z } from "zod";
import { serverSnapshots, snapshotAges, snapshotDrift, type SnapshotAges } from "./snapshot-age.ts";

/** A member of etcd, as its own list has it. */
const member = z.object({ name: z.string(), address: z.string(), voter: z.boolean() });
type Member = z.output<typeof member>;

const taint = z.object({ key: z.string(), value: z.string().optional(), effect: z.string() });

/** What `status.sh` prints. Empty strings and null: not known, as the cluster or the program does not answer. */
export const hostStatus = z.object({
  node: z.string(),
  role: z.enum(["server", "agent"]),
  unit: z.string(),
  version: z.string(),
  declaredVersion: z.string(),
  ready: z.string(),
  etcdVoter: z.string(),
  certificateDays: z.number().nullable(),
  driftedFiles: z.array(z.string()),
  /** Settings of an adopted node that take effect at its next start. */
  waitsForStart: z.array(z.string()).default([]),
  /** Settings of k3s that something else on the host says otherwise than our files, with where it stands. */
  toldOtherwise: z.array(z.string()).default([]),
  /** What runs that did not end left as it is now. */
  unfinished: z.array(z.enum(["cordon", "certificates"])),
  labels: z.record(z.string(), z.string()).nullable(),
  taints: z.array(taint).nullable(),
  /** etcd's own list; null where it does not tell. */
  members: z.array(member).nullable().default(null),
  /** Of a server. */
  snapshots: serverSnapshots.nullable().default(null),
  nodes: z.string(),
});
export type HostStatus = z.output<typeof hostStatus>;

/** A host, or why nothing is known of it. */
export type Looked = { readonly status: HostStatus } | { readonly unknown: string };

export interface NodeReport {
  readonly node: string;
  readonly role: "server" | "agent";
  readonly version: string;
  readonly ready: boolean;
  /** Only servers have a vote. */
  readonly voter?: boolean;
  readonly certificateDays: number | null;
  /** Of a server that told. */
  readonly snapshots?: SnapshotAges;
  /** What is not as declared, in words; empty where all is. */
  readonly drift: readonly string[];
}

export interface ClusterReport {
  readonly cluster: string;
  readonly version: string;
  /** Members of etcd that have a vote, by its own list; where no server tells it, servers that say that they vote. */
  readonly voters: number;
  readonly nodes: readonly NodeReport[];
  /** When the kubeconfig that the stack keeps ends, in words. */
  readonly kubeconfig?: string | undefined;
  /** What concerns no single declared node. */
  readonly drift: readonly string[];
}

/** k3s renews certificates at a start within so many days of their end: https://docs.k3s.io/cli/certificate */
const renewedWithinDays = 120;
const warnDays = 30;

/** Compares what was found on each host with what is declared. */
export function compareCluster(plan: ClusterPlan, looked: Readonly<Record<string, Looked>>): ClusterReport {
  const nodes = plannedNodes(plan).map(({ node }) =>
    compareNode(plan, node, looked[node.name] ?? { unknown: "it was not looked at" }),
  );
  const members = membersOf(looked);
  const voters = (members ?? nodes).filter(({ voter }) => voter === true).length;
  const servers = plan.order.servers.length;
  return {
    cluster: plan.name,
    version: plan.settings.version,
    voters,
    nodes,
    drift: [
      ...(voters < servers ? [`${voters} of ${servers} servers vote`] : []),
      ...memberDrift(plan, members ?? []),
      ...undeclared(plan, looked),
    ],
  };
}

/** Every server tells the same list: etcd answers by a majority, or not at all. */
function membersOf(looked: Readonly<Record<string, Looked>>): readonly Member[] | undefined {
  const told = Object.values(looked).flatMap((one) => ("status" in one ? [one.status.members] : []));
  return told.find((members) => members !== null) ?? undefined;
}

/** k3s calls a member by its node and eight digits: `setName` in pkg/etcd/etcd.go of k3s-io/k3s. */
const nodeOfMember = (name: string): string => /^(.+)-[0-9a-f]{8}$/.exec(name)?.[1] ?? name;

/** A member that no declared server stands for as it is declared counts for the majority all the same. */
function memberDrift(plan: ClusterPlan, members: readonly Member[]): readonly string[] {
  const servers = plan.order.servers.map(({ node }) => node);
  return members.flatMap(({ name, address }) => {
    const node = nodeOfMember(name);
    const there = servers.find((server) => server.address === address);
    if (there !== undefined && there.name !== node) {
      return [
        `etcd has ${there.name} as its member ${name}: nodes are not renamed in place. Declare it as ${node} again, or remove it and let it join anew, one step each`,
      ];
    }
    if (there !== undefined || servers.some((server) => server.name === node)) return [];
    return [`etcd has a member ${name} at ${address}, which no declared server is`];
  });
}

function compareNode(plan: ClusterPlan, node: K3sNode, looked: Looked): NodeReport {
  const { name, role } = node;
  if ("unknown" in looked) {
    const nothing = { node: name, role, version: "", ready: false, certificateDays: null, drift: [looked.unknown] };
    return role === "server" ? { ...nothing, voter: false } : nothing;
  }
  const { status } = looked;
  const voter = status.etcdVoter === "True";
  const { snapshots } = status;
  return {
    node: name,
    role,
    version: status.version,
    ready: status.ready === "True",
    ...(role === "server" ? { voter } : {}),
    certificateDays: status.certificateDays,
    ...(snapshots === null ? {} : { snapshots: snapshotAges(plan, name, snapshots) }),
    drift: [
      ...serviceDrift(status),
      ...status.driftedFiles.map((path) => `${path} differs`),
      ...waiting(status.waitsForStart),
      ...status.toldOtherwise.map((what) => `k3s is told ${what} beside what is declared`),
      ...status.unfinished.map((what) => unfinished[what]),
      ...nodeDrift(node, status),
      ...(snapshots === null ? [] : snapshotDrift(plan, name, snapshots)),
    ],
  };
}

function serviceDrift(status: HostStatus): readonly string[] {
  const { unit, version, declaredVersion, ready, etcdVoter, role, certificateDays } = status;
  const service = role === "server" ? "k3s" : "k3s-agent";
  return [
    ...(unit === "active" ? [] : [`${service} is ${unit === "" ? "not installed" : unit}`]),
    ...(version === declaredVersion ? [] : [`${version === "" ? "no version" : version} is installed`]),
    ...(ready === "True" ? [] : [ready === "" ? "the cluster does not tell of it" : "is not Ready"]),
    ...(role === "agent" || etcdVoter === "True" ? [] : ["has no vote in etcd"]),
    ...expiry(certificateDays),
  ];
}

function waiting(keys: readonly string[]): readonly string[] {
  return keys.length === 0 ? [] : [`runs as it was adopted: at its next start take effect ${keys.join(", ")}`];
}

const unfinished = {
  cordon: "is cordoned by a run that did not end: run it again (pulumi up, or npm run update-os)",
  certificates: "has certificates half renewed: npm run rotate-certificates goes on",
};

function expiry(days: number | null): readonly string[] {
  if (days === null || days > warnDays) return [];
  // Nobody can be asked for a majority any more, which a rotation begins with.
  if (days < 0) return [`a certificate expired ${-days} days ago: restart k3s there (servers first), which renews it`];
  return [
    `a certificate expires in ${days} days: npm run rotate-certificates renews it (so does any start in the last ${renewedWithinDays} days)`,
  ];
}

function nodeDrift({ labels, taints }: K3sNode, status: HostStatus): readonly string[] {
  return [...labelDrift(labels, status.labels), ...taintDrift(taints, status.taints)];
}

function labelDrift(declared: Readonly<Record<string, string>>, found: HostStatus["labels"]): readonly string[] {
  if (found === null) return [];
  return Object.entries(declared).flatMap(([key, value]) =>
    found[key] === value ? [] : [`label ${key} is ${found[key] === undefined ? "missing" : `"${found[key]}"`}`],
  );
}

function taintDrift(declared: K3sNode["taints"], found: HostStatus["taints"]): readonly string[] {
  if (found === null) return [];
  const there = new Set(found.map(text));
  return declared.flatMap((one) => (there.has(text(one)) ? [] : [`taint ${text(one)} is missing`]));
}

const text = ({ key, value, effect }: { key: string; value?: string | undefined; effect: string }): string =>
  `${key}=${value ?? ""}:${effect}`;

function undeclared(plan: ClusterPlan, looked: Readonly<Record<string, Looked>>): readonly string[] {
  const declared = new Set(plannedNodes(plan).map(({ node }) => node.name));
  const known = Object.values(looked).flatMap((one) =>
    "status" in one ? one.status.nodes.split(" ").filter((name) => name !== "") : [],
  );
  return [...new Set(known)]
    .filter((name) => !declared.has(name))
    .sort()
    .map((name) => `${name} is in the cluster and not declared`);
}

export const isAsDeclared = ({ drift, nodes }: ClusterReport): boolean =>
  drift.length === 0 && nodes.every((node) => node.drift.length === 0);
