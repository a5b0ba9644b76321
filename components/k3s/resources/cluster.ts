import { lookUp, UserError, type MachineConnection } from "@isthmus/core";
import type { AnyHostScript, Hop } from "@isthmus/remote";
import {
  all,
  ComponentResource,
  log,
  output,
  type ComponentResourceOptions,
  type Input,
  type Output,
  type Resource,
} from "@pulumi/pulumi";
import type { ClusterAccess } from "../plan/access.ts";
import { checksumFindings } from "../settings/checksums.ts";
import { ClusterScripts, type Joining } from "./cluster-scripts.ts";
import { kubeconfigNotice, stillEnds } from "./kubeconfig.ts";
import { planCluster, plannedNodes, type ClusterFacts, type ClusterPlan } from "../plan/plan.ts";
import type { RegistryLogin } from "../files/registries.ts";
import type { Peer } from "../plan/roster.ts";
import { makeTokens, type ClusterTokens } from "./tokens.ts";
import { storeWarning, type ClusterUpkeep } from "./upkeep.ts";
import type { WebhookQuestion } from "./webhook.ts";

export interface K3sClusterArgs extends ClusterFacts {
  /** The machine of every node, by the node's name. Another `machineId` makes the node join anew. */
  readonly machines: Readonly<Record<string, MachineConnection>>;
  /** Private key of the user that every machine lets in. Secret. */
  readonly privateKey: Input<string>;
  /** A host to go through to all of them. Default: none. */
  readonly proxy?: Hop | undefined;
  /** Keys of the object store for snapshots. Required with `settings.snapshots.s3`. Secret. */
  readonly snapshotKeys?: { readonly accessKey: Input<string>; readonly secretKey: Input<string> } | undefined;
  /** Who the nodes are at which registry. Required with `settings.registries.logins`. Secret. Default: nobody. */
  readonly registryLogins?: Readonly<Record<string, Input<RegistryLogin>>> | undefined;
  /** Tokens of a cluster that exists already. Required with `settings.adopt`. Default: made here, and kept in the state. Secret. */
  readonly tokens?: ClusterTokens | undefined;
  /** What the last run that ended well found out: its `upkeep`. Default: nothing. */
  readonly before?: ClusterUpkeep | undefined;
}

/**
 * A k3s cluster with embedded etcd on machines that exist. A change of settings, of the version, of a label or of the
 * list of nodes is an update: only the work on a machine that was replaced is replaced. It has nothing to delete.
 */
export class K3sCluster extends ComponentResource {
  /** The administrator's kubeconfig, with the API address. Secret. Its client certificate lasts a year, and is read anew before its end. */
  readonly kubeconfig: Output<string>;
  /** Where the API is reached: an address or a name. */
  readonly apiAddress: string;
  /** For a Kubernetes provider: known in a preview, and the same for the cluster's life. */
  readonly clusterIdentifier: string;
  /** The last of its resources: what comes after it finds all nodes there, with their labels and taints. */
  readonly complete: Resource;
  /** What works on the cluster from outside of the program, as a restore does. Secret. */
  readonly access: Output<ClusterAccess>;
  /** What the next run begins with: see `before`. */
  readonly upkeep: Output<ClusterUpkeep>;
  readonly #scripts: ClusterScripts;

  constructor(name: string, args: K3sClusterArgs, options?: ComponentResourceOptions) {
    super("isthmus:k3s:Cluster", name, { name: args.name, nodes: args.nodes, settings: args.settings }, options);
    checkArgs(args);
    const plan = planCluster(args);
    const given = args.tokens === undefined ? undefined : shortTokens(args.tokens);
    const tokens = makeTokens({ name, parent: this, settings: args.settings.tokens, given });
    const scripts = new ClusterScripts({ name, parent: this, args, plan, tokens });
    this.#scripts = scripts;

    const roster = scripts.roster();
    const peers = Object.fromEntries(plannedNodes(plan).map((node) => [node.node.name, scripts.peers(node, roster)]));
    const looked = preflights(scripts, plan, peers);
    const serversLooked = plan.order.servers.map(({ node }) => lookUp(looked, node.name, "preflight"));
    const bootstrap = scripts.bootstrap(serversLooked);
    const admission = scripts.admission([bootstrap]);
    const rotated = scripts.rotateToken(admission);
    const { first, last, ca } = joinServers(scripts, plan, { after: [rotated], peers, looked, admission });
    const agents = joinAgents(scripts, plan, { after: [last], ca, peers, looked });

    this.complete = scripts.membership(admission, agents.length === 0 ? [last] : agents);
    const kubeconfig = scripts.kubeconfig(first);
    this.kubeconfig = kubeconfig.text;
    this.apiAddress = plan.apiAddress;
    this.clusterIdentifier = plan.clusterIdentifier;
    this.access = scripts.access();
    this.upkeep = all([kubeconfig.read, all(scripts.storeProbes(this.complete))]).apply(([read, stores]) => ({
      kubeconfig: read,
      stores,
    }));
    tellOfUpkeep(plan.name, args.before, this.upkeep);
    const { apiAddress, clusterIdentifier } = this;
    this.registerOutputs({ kubeconfig: this.kubeconfig, apiAddress, clusterIdentifier });
  }

  /** Waits until the admission webhook of a release answers: what it looks at comes after this. Asked again after each change of the release. */
  webhookAnswers(question: WebhookQuestion): Resource {
    return this.#scripts.webhook(question);
  }
}

/** What the run before found that ends soon, and what this one finds that a person should know. */
function tellOfUpkeep(cluster: string, before: ClusterUpkeep | undefined, found: Output<ClusterUpkeep>): void {
  const notice = kubeconfigNotice(cluster, before?.kubeconfig, Date.now());
  if (notice !== undefined) void log.info(notice);
  found.apply(({ kubeconfig, stores }) => {
    const ends = kubeconfig === undefined ? undefined : stillEnds(cluster, kubeconfig, Date.now());
    const warnings = [ends, ...Object.entries(stores).map(([server, one]) => storeWarning(server, one))];
    for (const warning of warnings) if (warning !== undefined) void log.warn(warning);
  });
}

function preflights(
  scripts: ClusterScripts,
  plan: ClusterPlan,
  peers: Readonly<Record<string, Output<readonly Peer[]>>>,
): Joining["looked"] {
  const looked = plannedNodes(plan).map(
    (node) => [node.node.name, scripts.preflight(node, lookUp(peers, node.node.name, "peers"))] as const,
  );
  return Object.fromEntries(looked);
}

interface FirstJoining extends Omit<Joining, "ca"> {
  readonly admission: AnyHostScript;
}

/** Strictly one after the other: etcd takes one new member at a time. */
function joinServers(scripts: ClusterScripts, plan: ClusterPlan, { admission, ...joining }: FirstJoining) {
  const [first, ...others] = plan.order.servers;
  if (first === undefined) throw new Error(`cluster ${plan.name} has no server`);
  const started = scripts.install(first, { ...joining, ca: scripts.fingerprintFor(first, admission) });
  const ca = scripts.authority(started);
  let last: Resource = started;
  for (const server of others) last = scripts.install(server, { ...joining, after: [last], ca });
  return { first: started, last, ca };
}

/** Lanes side by side, each one after the other: at most so many agents are worked on at a time. Returns the last ones. */
function joinAgents(scripts: ClusterScripts, plan: ClusterPlan, joining: Joining): Resource[] {
  return plan.order.lanes.flatMap((lane) => {
    let before = joining.after;
    for (const agent of lane) {
      before = [scripts.install(agent, { ...joining, after: before })];
    }
    return before;
  });
}

/** As people copy them from a server they have a long form, `K10…::server:…`, which says what cluster they are of. */
function shortTokens({ server, agent }: ClusterTokens): ClusterTokens {
  const short = (token: Input<string>): Output<string> =>
    output(token).apply((text) => text.trim().replace(/^K10[0-9a-f]*::[^:]*:/, ""));
  return { server: short(server), agent: short(agent) };
}

function checkArgs({ name, nodes, settings, snapshotKeys, tokens }: K3sClusterArgs): void {
  const [unknown] = checksumFindings(nodes, settings).filter(({ rule }) => rule === "checksum-missing");
  if (unknown !== undefined) throw new UserError(`cluster ${name}: ${unknown.problem}: ${unknown.fix}`);
  if (settings.adopt !== undefined && tokens === undefined) {
    throw new UserError(`cluster ${name} is to be adopted, and its tokens are not given`);
  }
  if (settings.snapshots.s3 !== undefined && snapshotKeys === undefined) {
    throw new UserError(
      `cluster ${name} keeps snapshots in ${settings.snapshots.s3.bucket}, and the stack has no keys for it: ` +
        "set the secrets for its access key and secret key, or take snapshots.s3 out",
    );
  }
}
