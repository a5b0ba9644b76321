import { lookUp } from "@isthmus/core";
import { AnyHostScript, type Connection, type Parameters, type Script } from "@isthmus/remote";
import { Provider } from "@pulumi/command/provider.js";
import { all, output, type Input, type Output, type Resource } from "@pulumi/pulumi";
import { Stash } from "@pulumi/pulumi/stash.js";
import type { K3sNode } from "../plan/node.ts";
import { declaredDigest, installParameters, machineLabel, memberParameters } from "../plan/parameters.ts";
import { plannedNodes, type NodePlan } from "../plan/plan.ts";
import { rosterOf, type Peer } from "../plan/roster.ts";
import type { ClusterContext } from "./context.ts";
import { secretsByRole } from "./node-secrets.ts";

/** The hosts of a cluster as its resources see them: how each is reached, what it is told in secret, what is remembered of it. */
export class ClusterHosts {
  readonly secrets: ReturnType<typeof secretsByRole>;
  /** For scripts. A provider of their own: the engine starts default ones in turn, and this one meanwhile. */
  readonly scripted: { readonly parent: Resource; readonly provider: Provider };

  constructor(private readonly cluster: ClusterContext) {
    const { name, parent } = cluster;
    this.secrets = secretsByRole(cluster);
    this.scripted = { parent, provider: new Provider(`${name}-scripts`, {}, { parent }) };
  }

  /** Runs a script on the first server that answers. */
  onAnyServer(what: string, how: AnyServer): AnyHostScript {
    const { name, plan } = this.cluster;
    const { after, parent, ...rest } = how;
    const hosts = plan.order.servers.map((server) => ({
      name: server.node.name,
      connection: this.host(server).connection,
    }));
    const options = { ...this.scripted, ...(parent && { parent }), dependsOn: [...after] };
    return new AnyHostScript(`${name}-${what}`, { ...rest, about: plan.name, hosts }, options);
  }

  /** A value as it was when it was first known; of a node, as it was when its machine came. */
  kept<Value>(what: string, value: Input<Value>, ofNode?: string): Output<Value> {
    const { name, parent, args } = this.cluster;
    const machine =
      ofNode === undefined ? {} : { replacementTrigger: lookUp(args.machines, ofNode, "machine").machineId };
    const options = { parent, ignoreChanges: ["input"], ...machine };
    return new Stash(`${name}-${what}`, { input: value }, options).output as Output<Value>;
  }

  /** All nodes as they are declared today. */
  rosterOfToday(): readonly Peer[] {
    return rosterOf(plannedNodes(this.cluster.plan).map(({ node }) => node));
  }

  /** How a node's host is reached, and what makes it another one. */
  host({ node }: NodePlan): { host: string; connection: Connection; triggers: Input<string>[] } {
    const { machines, privateKey, proxy } = this.cluster.args;
    const machine = lookUp(machines, node.name, "machine");
    const { address, port, user, hostKey, machineId } = machine;
    const hop = { host: address, port, user, hostKey, privateKey };
    return { host: node.name, connection: proxy === undefined ? hop : { ...hop, proxy }, triggers: [machineId] };
  }

  /** What a node's machine is labelled with. */
  machineOf({ node }: NodePlan): Output<string> {
    const { machineId } = lookUp(this.cluster.args.machines, node.name, "machine");
    return output(machineId).apply(machineLabel);
  }

  /**
   * Another word as soon as anything else is to be made of the node. Secret. Tokens that are made here count by their
   * generation: nobody is looked at later because they are not there yet.
   */
  declared(node: NodePlan): Output<string> {
    const { plan, args } = this.cluster;
    const generation = String(plan.settings.tokens.generation);
    const secrets = all({ ...this.secrets[node.node.role].files, ...args.tokens, generation });
    return all([this.machineOf(node), secrets]).apply(([machine, values]) =>
      declaredDigest(installParameters(plan, node, { machine, ca: "", servers: [], adopt: false }), values),
    );
  }

  /** What the membership script is told of all nodes. */
  members(): Output<Parameters> {
    const { plan } = this.cluster;
    const machines = plannedNodes(plan).map((node) => [node.node.name, this.machineOf(node)] as const);
    return all(Object.fromEntries(machines)).apply((ids) => memberParameters(plan, ids));
  }

  /** Keys of the object store for snapshots; empty where there is none. */
  storeKeys() {
    const { accessKey, secretKey } = this.cluster.args.snapshotKeys ?? { accessKey: "", secretKey: "" };
    return { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey };
  }

  /** All that a node of this role is told in secret. */
  secretsOf(role: K3sNode["role"]): Readonly<Record<string, Input<string>>> {
    const { files, tokens } = this.secrets[role];
    return { ...files, ...tokens };
  }
}

interface AnyServer {
  readonly script: Script;
  readonly rerunOn?: Input<string>;
  readonly parameters?: Input<Parameters>;
  readonly secrets?: Readonly<Record<string, Input<string>>>;
  readonly triggers?: readonly Input<string>[];
  readonly none?: string;
  readonly after: readonly Resource[];
  readonly waitsAsTold?: boolean;
  /** Default: the cluster. */
  readonly parent?: Resource | undefined;
}
