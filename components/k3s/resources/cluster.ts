import { lookUp } from "@isthmus/core";
import type { AnyHostScript } from "@isthmus/remote";
import { all, ComponentResource, log, type ComponentResourceOptions, type Output, type Resource } from "@pulumi/pulumi";
import type { ClusterAccess } from "../plan/access.ts";
import { ClusterScripts, type Joining } from "./cluster-scripts.ts";
import { kubeconfigNotice, stillEnds } from "./kubeconfig.ts";
import { planCluster, plannedNodes, type ClusterPlan } from "../plan/plan.ts";
import type { Peer } from "../plan/roster.ts";
import { checkArgs, shortTokens, type K3sClusterArgs } from "./arguments.ts";
import { makeTokens } from "./tokens.ts";
import { storeWarning, type ClusterUpkeep } from "./upkeep.ts";
import type { WebhookQuestion } from "./webhook.ts";

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
