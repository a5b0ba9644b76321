import type { MachineConnection } from "@isthmus/core";
import { Site } from "@isthmus/core/components";
import type { ClusterAccess, ClusterUpkeep } from "@isthmus/k3s";
import { K3sCluster, type K3sClusterArgs } from "@isthmus/k3s/components";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { SitePlan } from "../plan/plans.ts";
import { linksOf, type Link } from "../plan/links.ts";
import { snapshotSecrets } from "../plan/secrets.ts";
import { exportsOf } from "./exports.ts";
import { GeneratedSecrets } from "./generated.ts";
import { buildMachines } from "./machines.ts";
import { peerValue, type Peer } from "./peers.ts";
import { vmsToRemember } from "./replacements.ts";
import type { Values } from "./resolve.ts";
import { buildServices, linkedFor } from "./services.ts";

export interface SiteInputs {
  readonly plan: SitePlan;
  /** A secret of the stack, by name. */
  readonly secret: (name: string) => pulumi.Output<string>;
  readonly peers: readonly Peer[];
  readonly chartMirror: string | undefined;
  /** What this stack's last run that ended well found out about its cluster. */
  readonly before?: ClusterUpkeep | undefined;
}

/** What a stack gives out. `exports` and `exportSecrets` are for other sites, `peers` and `peerSecrets` for its own next run. */
export interface SiteOutputs {
  readonly site: string;
  readonly kubeconfig: pulumi.Output<string>;
  /** What `npm run status`, `snapshot` and `restore` work with. Secret. */
  readonly clusterAccess: pulumi.Output<ClusterAccess>;
  /** What its own next run begins with. */
  readonly clusterUpkeep: pulumi.Output<ClusterUpkeep>;
  /** What its own next run compares VMs with. */
  readonly vms: Readonly<Record<string, unknown>>;
  readonly exports: pulumi.Input<unknown>;
  readonly exportSecrets: pulumi.Output<unknown>;
  readonly dnsRecords: readonly { name: string; type: string; value: string; ttl: number }[];
  readonly pendingLinks: readonly (Link & { readonly why: string })[];
  readonly afterwards: readonly string[];
  readonly peers: Readonly<Record<string, unknown>>;
  readonly peerSecrets: pulumi.Output<Readonly<Record<string, unknown>>>;
}

/** Registers everything at one site: machines, their cluster, and what runs on it. */
export function buildSite({ plan, secret, peers, chartMirror, before }: SiteInputs): SiteOutputs {
  const { name: site, topology } = plan.facts;
  const parent = new Site(site, { site, topology, from: plan.site.from });
  const machines = buildMachines({ site, plan: plan.machines, secret, parent });
  const cluster = new K3sCluster(`${site}-k3s`, { ...clusterArgs(plan, machines, secret), before }, { parent });
  const provider = new Provider(
    `${site}-kubernetes`,
    {
      kubeconfig: cluster.kubeconfig,
      clusterIdentifier: cluster.clusterIdentifier,
      // After a kill the engine creates again what it may have made already.
      upsertExistingObjects: true,
      // Fields that a run of an older version holds under a name that was made up are taken over (docs/decisions/0017-one-field-manager.md).
      enablePatchForce: true,
      // A changed Secret is written over: replaced, it would be gone for a while, or for good after a kill.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    // Another provider is another cluster: everything on this one would be deleted. And a plain destroy stops here.
    { parent: cluster, protect: true },
  );
  const generated = new GeneratedSecrets(
    `${site}-generated`,
    plan.services.flatMap((service) => service.generates),
    { parent },
  );
  const known = peers.filter((peer) => peer.values !== undefined);
  const values: Values = {
    secret,
    generated: (name, part) => generated.get(name, part),
    peer: (name, output) =>
      peerValue(
        known.find((peer) => peer.site === name),
        output,
      ),
  };
  const linked = new Set(known.map((peer) => peer.site));
  buildServices({ site, services: plan.services, values, linked, provider, cluster, parent, mirror: chartMirror });
  return {
    site,
    kubeconfig: pulumi.secret(cluster.kubeconfig),
    clusterAccess: cluster.access,
    clusterUpkeep: cluster.upkeep,
    vms: vmsToRemember(plan),
    ...exportsOf(plan, values),
    dnsRecords: plan.dnsRecords.map(({ name, type, value, ttl }) => ({ name, type, value, ttl })),
    pendingLinks: plan.services.flatMap((service) =>
      linksOf([service])
        .filter((link) => !linkedFor(service, { linked, values }).has(link.site))
        .map((link) => ({ ...link, why: whyPending(peers.find((peer) => peer.site === link.site)) })),
    ),
    afterwards: plan.services.flatMap((service) => service.afterwards),
    peers: Object.fromEntries(known.map((peer) => [peer.site, peer.values])),
    peerSecrets: pulumi.secret(Object.fromEntries(known.map((peer) => [peer.site, peer.secrets]))),
  };
}

function whyPending(peer: Peer | undefined): string {
  return peer?.why ?? (peer === undefined ? "it was not looked for" : "its last `up` did not offer this yet");
}

/** Secrets of the cluster's settings, by name, with their values. */
function clusterArgs(
  plan: SitePlan,
  machines: Readonly<Record<string, MachineConnection>>,
  secret: SiteInputs["secret"],
): K3sClusterArgs {
  const { adopt, registries, snapshots } = plan.cluster.settings;
  return {
    ...plan.cluster,
    machines,
    privateKey: secret(plan.site.ssh.privateKey),
    snapshotKeys:
      snapshots.s3 === undefined
        ? undefined
        : { accessKey: secret(snapshotSecrets.accessKey), secretKey: secret(snapshotSecrets.secretKey) },
    registryLogins: Object.fromEntries(
      Object.entries(registries.logins).map(([registry, { username, password }]) => [
        registry,
        secret(password).apply((text) => ({ username, password: text })),
      ]),
    ),
    tokens:
      adopt === undefined
        ? undefined
        : { server: secret(adopt.serverToken), agent: secret(adopt.agentToken ?? adopt.serverToken) },
  };
}
