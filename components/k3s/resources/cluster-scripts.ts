import { lookUp } from "@isthmus/core";
import type { AnyHostScript } from "@isthmus/remote";
import { knownHost, OnceScript, RemoteScript } from "@isthmus/remote";
import { all, secret, unsecret, type Input, type Output, type Resource } from "@pulumi/pulumi";
import type { ClusterAccess } from "../plan/access.ts";
import { fingerprintIn } from "./authority.ts";
import { ClusterHosts } from "./cluster-hosts.ts";
import type { ClusterContext } from "./context.ts";
import { kubeconfigEnd, readingOf, type KubeconfigRead } from "./kubeconfig.ts";
import { urlHost } from "../plan/node.ts";
import { adoptParameters, installParameters, preflightParameters } from "../plan/parameters.ts";
import { plannedNodes, type NodePlan } from "../plan/plan.ts";
import { peersOf, serversAmong, type Peer } from "../plan/roster.ts";
import { scripts } from "../scripts/scripts.ts";
import { askingOf, storeFoundBy, storeProbeParameters, type StoreFound } from "./upkeep.ts";
import { webhookParameters, type WebhookQuestion } from "./webhook.ts";

/** When a node joins, and what it must know of the cluster then. */
export interface Joining {
  /** The preflights, by the name of the node. */
  readonly looked: Readonly<Record<string, RemoteScript>>;
  readonly after: readonly Resource[];
  /** What the long form of a token begins with; empty for who starts the cluster. */
  readonly ca: Input<string>;
  /** Whom each node knows, by its name. */
  readonly peers: Readonly<Record<string, Input<readonly Peer[]>>>;
}

const clusterIsAway =
  "because: this cluster existed before, and none of its servers answers with a majority of etcd\n" +
  "to fix: a new one is not started beside it. Either wait until servers are back and run again, or restore a snapshot " +
  "(npm run restore); with none, begin anew: npm run destroy -- SITE --lost-cluster gives up all that is in it. Only if there never was a cluster: touch /var/lib/isthmus/k3s.may-start-cluster on the first server";

/** The resources of a cluster, one method each. None of them decides in which order they come. */
export class ClusterScripts {
  private readonly hosts: ClusterHosts;

  constructor(private readonly cluster: ClusterContext) {
    this.hosts = new ClusterHosts(cluster);
  }

  /** All nodes, as they were when the cluster began: who comes, goes or moves later changes nothing that another is told. */
  roster(): Output<readonly Peer[]> {
    return this.hosts.kept("roster", this.hosts.rosterOfToday());
  }

  /**
   * Whom a node looks for. A server that is replaced is told where the others are by then; an agent, which asks the API
   * address first, where they were when the cluster began: of a hundred, a resource each would make every run slower.
   */
  peers({ node }: NodePlan, roster: Output<readonly Peer[]>): Output<readonly Peer[]> {
    if (node.role === "agent") return roster.apply((known) => peersOf(node, known));
    return this.hosts.kept(`peers-${node.name}`, peersOf(node, this.hosts.rosterOfToday()), node.name);
  }

  /** Looks at a host, and from there at others, before each change of it; and gets the release. Prints another word each time. */
  preflight(node: NodePlan, peers: Output<readonly Peer[]>): RemoteScript {
    const { name, plan } = this.cluster;
    const host = this.hosts.host(node);
    const parameters = peers.apply((known) => preflightParameters(plan, node.node, known));
    return new RemoteScript(
      `${name}-preflight-${node.node.name}`,
      { ...host, script: scripts.preflight, parameters, rerunOn: this.hosts.declared(node) },
      this.hosts.scripted,
    );
  }

  /**
   * Permits the first server to start the cluster, or sees that the one there can be adopted: once, for the state
   * remembers that it was.
   */
  bootstrap(after: readonly Resource[]): Resource {
    const { name, plan, tokens } = this.cluster;
    const [first] = plan.order.servers;
    if (first === undefined) throw new Error(`cluster ${plan.name} has no server`);
    const { host, connection } = this.hosts.host(first);
    const inputs =
      plan.settings.adopt === undefined
        ? { script: scripts.bootstrap }
        : {
            script: scripts.adopt,
            parameters: adoptParameters(plan, first.node),
            secrets: { SERVER_TOKEN: tokens.server, AGENT_TOKEN: tokens.agent },
          };
    return new OnceScript(
      `${name}-bootstrap`,
      { host, connection, ...inputs },
      // Releases before 2026-12 knew it by another name.
      { ...this.hosts.scripted, dependsOn: [...after], aliases: [{ name: `${name}-genesis` }] },
    );
  }

  /**
   * Makes the cluster forget machines that were replaced, before those of the same name join. Prints another word each
   * time, and the fingerprint of the cluster, once there is one.
   */
  admission(after: readonly Resource[]): AnyHostScript {
    return this.hosts.onAnyServer("admission", {
      script: scripts.admission,
      parameters: this.hosts.members(),
      none: clusterIsAway,
      after,
    });
  }

  /** Brings etcd from an older server token to that of today, before any server is started with it. */
  rotateToken(admitted: Resource): Resource {
    const { name, plan } = this.cluster;
    if (plan.settings.tokens.generation === 1) return admitted;
    const { OLDER_TOKENS, SERVER_TOKEN } = this.hosts.secrets.server.tokens;
    const after = plan.order.servers.map((server) => {
      const inputs = { ...this.hosts.host(server), script: scripts.nextToken, secrets: { SERVER_TOKEN } };
      return new RemoteScript(`${name}-next-token-${server.node.name}`, inputs, {
        ...this.hosts.scripted,
        dependsOn: [admitted],
      });
    });
    const secrets = { OLDER_TOKENS, SERVER_TOKEN };
    return this.hosts.onAnyServer("token-rotation", {
      script: scripts.rotateToken,
      secrets,
      none: clusterIsAway,
      after,
    });
  }

  /**
   * What the first server checks the cluster by: nothing when the cluster begins; one that was replaced joins, and is told
   * by who admitted it. Kept from then on: who is admitted later changes nothing for it.
   */
  fingerprintFor(first: NodePlan, admission: AnyHostScript): Output<string> {
    return this.hosts.kept("fingerprint", unsecret(admission.stdout).apply(fingerprintIn), first.node.name);
  }

  /** What all others check the cluster by: as the first server said that it is, once it began. */
  authority(first: RemoteScript): Output<string> {
    return this.hosts.kept("authority", unsecret(first.stdout).apply(fingerprintIn));
  }

  /** Installs k3s on a node, or brings it to what is declared. */
  install(node: NodePlan, joining: Joining): RemoteScript {
    const { name, plan } = this.cluster;
    const host = this.hosts.host(node);
    const machine = this.hosts.machineOf(node);
    const peers = lookUp(joining.peers, node.node.name, "peers");
    const parameters = all([machine, joining.ca, peers]).apply(([id, ca, known]) =>
      installParameters(plan, node, {
        machine: id,
        ca,
        servers: serversAmong(known),
        adopt: plan.settings.adopt !== undefined,
      }),
    );
    const script = node.node.role === "server" ? scripts.installServer : scripts.installAgent;
    const secrets = this.hosts.secretsOf(node.node.role);
    const rerunOn = lookUp(joining.looked, node.node.name, "preflight").stdout;
    const inputs = { ...host, script, parameters, secrets, rerunOn };
    return new RemoteScript(`${name}-${node.node.name}`, inputs, {
      ...this.hosts.scripted,
      dependsOn: [...joining.after],
    });
  }

  /**
   * The desired list of nodes, with their labels and taints: who is not in it any more leaves the cluster before its machine
   * is deleted.
   */
  membership(admission: AnyHostScript, after: readonly Resource[]): Resource {
    const { drain, drainSeconds } = this.cluster.plan.settings.upgrade;
    const parameters = this.hosts
      .members()
      .apply((members) => ({ ...members, DRAIN_SECONDS: drain ? drainSeconds : 0 }));
    const { stdout: rerunOn } = admission;
    return this.hosts.onAnyServer("membership", { script: scripts.membership, parameters, rerunOn, after });
  }

  /** Reads the kubeconfig: read anew for another cluster or API address, or as it ends soon; not for another way of installing it. */
  kubeconfig(after: Resource): { readonly text: Output<string>; readonly read: Output<KubeconfigRead> } {
    const { plan, args } = this.cluster;
    const parameters = { API_ADDRESS: urlHost(plan.apiAddress), CLUSTER: plan.name };
    const triggers = [plan.clusterIdentifier];
    const asked = readingOf(args.before?.kubeconfig, Date.now());
    const { stdout } = this.hosts.onAnyServer("kubeconfig", {
      script: scripts.kubeconfig,
      parameters,
      triggers,
      after: [after],
      // The first one has none, as those of former releases.
      ...(asked === 1 ? {} : { rerunOn: String(asked) }),
    });
    const read = unsecret(stdout).apply((text) => ({ asked, ends: kubeconfigEnd(text) }));
    return { text: secret(stdout), read };
  }

  /**
   * Every server writes to where its snapshots go, and reads it back: each uploads its own, by its own way out. After everything
   * else of the cluster, and nothing waits for it: a store that is away keeps nobody from repairing a cluster.
   */
  storeProbes(after: Resource): Readonly<Record<string, Output<StoreFound>>> {
    const { name, plan, args } = this.cluster;
    if (plan.settings.snapshots.s3 === undefined) return {};
    const found = plan.order.servers.map((server): [string, Output<StoreFound>] => {
      const asked = askingOf(args.before?.stores[server.node.name]);
      const { stdout } = new RemoteScript(
        `${name}-snapshot-store-${server.node.name}`,
        {
          ...this.hosts.host(server),
          script: scripts.storeProbe,
          parameters: storeProbeParameters(plan, server),
          secrets: this.hosts.storeKeys(),
          rerunOn: String(asked),
        },
        { ...this.hosts.scripted, dependsOn: [after] },
      );
      return [server.node.name, unsecret(stdout).apply((printed) => storeFoundBy(asked, printed))];
    });
    return Object.fromEntries(found);
  }

  /** What verbs work on the cluster with. Secret. */
  access(): Output<ClusterAccess> {
    const { plan } = this.cluster;
    const nodes = plannedNodes(plan);
    const hosts = nodes.map((node) => knownHost(node.node.name, this.hosts.host(node).connection));
    const machines = Object.fromEntries(nodes.map((node) => [node.node.name, this.hosts.machineOf(node)]));
    const secrets = all({ ...this.hosts.secretsOf("server"), ...this.hosts.storeKeys() });
    return secret(
      all([all(hosts), all(machines), secrets]).apply(([known, ids, values]) => ({
        hosts: Object.fromEntries(known.map((host) => [host.name, host])),
        servers: plan.order.servers.map(({ node }) => node.name),
        machines: ids,
        secrets: values,
      })),
    );
  }

  /** Waits until the admission webhook of a release answers; in a run without a change of the release, for nothing. */
  webhook(question: WebhookQuestion): Resource {
    const { release, rerunOn, after, parent } = question;
    const parameters = webhookParameters(question);
    return this.hosts.onAnyServer(`webhook-${release}`, {
      script: scripts.webhook,
      parameters,
      rerunOn,
      after: [after],
      parent,
      waitsAsTold: true,
    });
  }
}
