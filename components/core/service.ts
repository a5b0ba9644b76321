import type { z } from "zod";
import type { CapabilityFacts, CapabilityName, Needs } from "./capability.ts";
import type { Finding } from "./finding.ts";
import type { ObjectPlan, ReleasePlan } from "./plan.ts";
import type { Privileges } from "./privilege.ts";
import type { Bytes, Cpu } from "./quantity.ts";
import type { Generated } from "./reference.ts";
import type { SourcePath } from "./source-path.ts";
import type { NodeNetwork, SiteTopology, Taint } from "./topology.ts";
import type { Workload } from "./workload.ts";

/** A name under which people or machines reach a service through an ingress. */
export interface Route {
  /** Unique in the site; names the objects. */
  readonly name: string;
  readonly host: string;
  readonly exposure: "public" | "private";
  readonly namespace: string;
  /** Whether what it leads to asks who is there. Where not, who reaches it may do everything: the ingress has to ask. */
  readonly hasLogin: boolean;
  readonly backend: {
    readonly service: string;
    readonly port: number | string;
    readonly scheme: "http" | "https";
    /** With `https`: the certificate name to verify and the ConfigMap or Secret that holds the CA under `ca.crt`. */
    readonly verify?: { readonly serverName: string; readonly caSecret: string } | undefined;
  };
  readonly from: SourcePath;
}

/** An address of a pool that a service holds, with the name that DNS gives it. */
export interface AddressClaim {
  readonly name: string;
  readonly pool: string;
  readonly address: string;
  /** The name in the site's zone, or absent where it needs none. */
  readonly hostName?: string | undefined;
  readonly from: SourcePath;
}

/** A port on the addresses that nodes own on a network, with the name that DNS gives them all. */
export interface PortClaim {
  readonly name: string;
  readonly network: NodeNetwork;
  /** On every node of the site: a NodePort. */
  readonly port: number;
  readonly hostName: string;
  readonly from: SourcePath;
}

/** What the volumes of a StorageClass take of the nodes' disks. Who provides the class states it. */
export interface StorageClassFacts {
  readonly name: string;
  /** Copies of each volume, each on a node of its own. */
  readonly copies: number;
  /** The key of the stack files that says how many. Default: none, it is fixed. */
  readonly copiesFrom?: SourcePath | undefined;
  /** Whether copies are on distinct physical hosts for certain, and not only as far as possible. */
  readonly apartByHost: boolean;
  /** `pod`: a volume is on the node where its pod runs, and stays there. */
  readonly follows: "pod" | "nothing";
  /** Folder of each node that holds the volumes; its disk is the one mounted closest above it. */
  readonly path: string;
  /** Taints of nodes that hold volumes all the same. */
  readonly tolerations: readonly Taint[];
  /** Per cent of a disk that volumes get none of. */
  readonly reservedPercent: number;
  /** How much of the rest is promised, in per cent: above 100, more than there is. */
  readonly overProvisioningPercent: number;
}

/** What a service consists of, stated once; placement, budgets, order, policy, docs and availability derive from it. */
export interface Footprint {
  readonly workloads: readonly Workload[];
  readonly routes: readonly Route[];
  readonly addresses: readonly AddressClaim[];
  /** Default: none. */
  readonly ports?: readonly PortClaim[] | undefined;
  /** The Pod Security level of its namespace: `privileged` only where the workloads cannot do with less. */
  readonly podSecurity: "restricted" | "baseline" | "privileged";
  /** StorageClasses that it makes. Default: none. */
  readonly storageClasses?: readonly StorageClassFacts[] | undefined;
  /** Whether its pods look names up: those of the cluster, or others by the cluster's own DNS. Default: true. */
  readonly looksNamesUp?: false | undefined;
  /** Pods that its releases run for a moment when they are installed, changed, deleted or tested. Default: none. */
  readonly hooks?: readonly HookPod[] | undefined;
}

/** A pod that Helm runs at a moment of a release's life, and that ends by itself. */
export interface HookPod {
  /** Of the Job or Pod. */
  readonly name: string;
  readonly controller: "Job" | "Pod";
  /** Of all its containers together, as they are asked for. */
  readonly requests: { readonly memory: Bytes; readonly cpu: Cpu };
}

/** A range of addresses that load balancers hand out. */
export interface AddressPool {
  readonly name: string;
  /** First and last address, both included. */
  readonly first: string;
  readonly last: string;
  readonly from: SourcePath;
}

/** A network of a site. What answers ARP there has to stand in it. */
export interface SiteNetwork {
  readonly name: string;
  readonly cidr: string;
  /** The nodes whose address is in it. */
  readonly nodes: readonly string[];
}

/** Another site, as far as the stack files say. */
export interface PeerFacts {
  readonly name: string;
  readonly domain: string;
}

/** Snapshots of etcd that every server takes by schedule. */
export interface SnapshotFacts {
  /** The longest time between two, in minutes. */
  readonly pauseMinutes: number;
  /** How old the newest may be before something is wrong, in minutes. */
  readonly oldestMinutes: number;
  /** Whether they are brought to an object store, too. */
  readonly stored: boolean;
}

/** The site as services see it: plain facts, nothing of Pulumi. */
export interface SiteFacts {
  readonly name: string;
  /** The site's own DNS zone, such as `site-a.home.arpa`. */
  readonly domain: string;
  readonly topology: SiteTopology;
  readonly networks: readonly SiteNetwork[];
  readonly pools: Readonly<Record<string, AddressPool>>;
  readonly kubernetes: {
    readonly version: string;
    readonly podCidr: string;
    readonly serviceCidr: string;
    /** Whether k3s brings its own StorageClass `local-path`, and makes it the default one. */
    readonly localStorage: boolean;
    readonly snapshots: SnapshotFacts;
  };
  readonly peers: readonly PeerFacts[];
}

/** One instance of a service at one site, with the facts of what it requires. */
export interface ServiceContext<Args> {
  readonly instance: string;
  readonly namespace: string;
  readonly args: Args;
  readonly site: SiteFacts;
  readonly needs: Needs;
  /** Where its arguments stand in the stack files. */
  readonly from: SourcePath;
}

/** The same, when charts and objects are rendered: all routes of the site are known. */
export interface RenderContext<Args> extends ServiceContext<Args> {
  readonly routes: readonly Route[];
}

/** What other sites read of this one; each part comes from the service that offers it. Leaves may be references. */
export interface SiteExports {
  readonly secretStore: { readonly address: string; readonly ca: unknown };
  readonly objectStore: {
    readonly endpoint: string;
    readonly ca: unknown;
    /** One account and bucket for each site that keeps its backups here. */
    readonly accounts: Readonly<Record<string, { bucket: string; accessKey: string; secretKey: unknown }>>;
  };
  readonly metrics: {
    readonly endpoint: string;
    readonly ca: unknown;
    readonly user: string;
    readonly password: unknown;
  };
}

/**
 * A platform service. Everything but its registration is a pure function of its arguments and the site; functions are
 * called in the order in which they stand here.
 */
export interface Service<Args = unknown> {
  readonly name: string;
  /** One sentence for docs and reports. */
  readonly summary: string;
  readonly schema: z.ZodType<Args>;
  requires(args: Args): readonly CapabilityName[];
  /** Capabilities that it uses where somebody provides them. */
  wants?(args: Args): readonly CapabilityName[];
  provides(args: Args): readonly CapabilityName[];
  /** Rules that go beyond the schema's shapes. */
  check?(context: ServiceContext<Args>): readonly Finding[];
  offers(context: ServiceContext<Args>): Partial<CapabilityFacts>;
  footprint(context: ServiceContext<Args>): Footprint;
  /** Rules on the routes of the whole site, for services that serve them. */
  checkRoutes?(context: RenderContext<Args>): readonly Finding[];
  generates?(context: ServiceContext<Args>): readonly Generated[];
  /** What of its charts and objects goes beyond ordinary work, with the reasons. Absent: nothing. */
  privileges?(context: RenderContext<Args>): Privileges;
  charts(context: RenderContext<Args>): readonly ReleasePlan[];
  objects(context: RenderContext<Args>): readonly ObjectPlan[];
  exports?(context: ServiceContext<Args>): Partial<SiteExports>;
  /** What a person has to do once after the first `up`, such as initialising Vault; shown by preview and docs. */
  afterwards?(context: ServiceContext<Args>): readonly string[];
}

/** Keeps the type of a service's arguments while it is written down, and hides it where services are handled alike. */
export function defineService<Args>(service: Service<Args>): Service {
  return service;
}
