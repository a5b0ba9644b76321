import type { Backup } from "./backup.ts";

/** What a load balancer of a site offers: who asks for an address of a pool gets that one. */
export interface LoadBalancerFacts {
  /** The annotation by which a `Service` asks for its address. */
  readonly addressAnnotation: string;
}

export interface CertificateFacts {
  /** ClusterIssuer of certificates that the whole world trusts; absent where the site has none. */
  readonly publicIssuer?: string | undefined;
  /** DNS zones that the public issuer can prove to own; names outside them get no certificate. */
  readonly publicZones?: readonly string[] | undefined;
  /** ClusterIssuer of the site's own CA. */
  readonly internalIssuer: string;
  /** PEM of the site's own CA: a reference. */
  readonly ca: unknown;
}

export interface IngressFacts {
  /** The IngressClass, by which an instance knows its own routes. */
  readonly className: string;
  /** The address that names of routes resolve to. */
  readonly address: string;
}

export interface VolumeFacts {
  readonly storageClass: string;
  /** Copies of each volume, each on a node of its own. */
  readonly replicas: number;
  readonly moves: "nowhere" | "site";
  readonly freedFromDeadNode: boolean;
  readonly architectures: readonly ("amd64" | "arm64")[];
  /** What backs up each volume of `storageClass`; absent: nothing does. */
  readonly backup?: Backup | undefined;
  /** A StorageClass whose volumes nothing backs up, for data that is copied in another way or may be lost; absent: there is but one. */
  readonly withoutBackup?: string | undefined;
  /**
   * A StorageClass with one copy of each volume, on the node of its pod, which nothing backs up: for what keeps copies
   * itself. Such a volume moves nowhere. Absent: the provider has none.
   */
  readonly onNode?: string | undefined;
}

export interface ObjectStoreFacts {
  /** URL of the S3 API. */
  readonly endpoint: string;
  readonly region: string;
  /** PEM of the CA that signed its certificate; absent where the public CAs do. */
  readonly ca?: unknown;
}

/** An object store at another place, that backups go to. Leaves of type `unknown` may be references. */
export interface BackupStoreFacts {
  /** URL of the S3 API. */
  readonly endpoint: unknown;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: unknown;
  readonly secretKey: unknown;
  /** PEM of the CA that signed its certificate; absent where the public CAs do. */
  readonly ca?: unknown;
  /** The site that must be linked before backups can run; absent where no site is involved. */
  readonly peer?: string | undefined;
  /** The place as people say it: `MinIO at site-b`. */
  readonly place: string;
}

export interface PostgresFacts {
  /** apiVersion and kind of what makes a database cluster. */
  readonly operator: "cloudnative-pg";
}

export interface SecretStoreFacts {
  readonly address: string;
}

export interface MetricsFacts {
  /** Labels that a ServiceMonitor or ScrapeConfig must carry to be seen. */
  readonly scrapeLabels: Readonly<Record<string, string>>;
  readonly namespace: string;
}

/** Everything that one service can give to another, with what is known of it when the plan is made. */
export interface CapabilityFacts {
  readonly loadBalancer: LoadBalancerFacts;
  readonly certificates: CertificateFacts;
  readonly "ingress/public": IngressFacts;
  readonly "ingress/private": IngressFacts;
  readonly volumes: VolumeFacts;
  readonly objectStore: ObjectStoreFacts;
  readonly backupStore: BackupStoreFacts;
  readonly postgres: PostgresFacts;
  readonly secrets: SecretStoreFacts;
  readonly metrics: MetricsFacts;
}

export type CapabilityName = keyof CapabilityFacts;

export const capabilityNames = [
  "loadBalancer",
  "certificates",
  "ingress/public",
  "ingress/private",
  "volumes",
  "objectStore",
  "backupStore",
  "postgres",
  "secrets",
  "metrics",
] as const satisfies readonly CapabilityName[];

/** The facts of the capabilities that a service asked for. Asking for one that it does not require is a bug, and throws. */
export interface Needs {
  get<Name extends CapabilityName>(name: Name): CapabilityFacts[Name];
  /** The same for one that is optional: `undefined` where nobody provides it. */
  find<Name extends CapabilityName>(name: Name): CapabilityFacts[Name] | undefined;
}
