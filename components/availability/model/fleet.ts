import type {
  Backup,
  CapabilityName,
  SiteTopology,
  SourcePath,
  StorageClassFacts,
  Topology,
  Workload,
} from "@isthmus/core";

/** A service instance where it stands, as much of it as decides what it survives. */
export interface PlacedService {
  /** `site/instance`; only `instance` for one that spans sites. */
  readonly id: string;
  /** The site it stands at; absent for one that spans sites. */
  readonly site?: string | undefined;
  readonly workloads: readonly Workload[];
  /**
   * Who provides each capability here: the id of a service. Of a service that spans sites, `longhorn` means that of each
   * member's own site. An id that no service has is outside of the fleet, and taken as always there.
   */
  readonly providers: Readonly<Partial<Record<CapabilityName, string>>>;
  /** StorageClasses that it makes. Default: none. */
  readonly storageClasses?: readonly StorageClassFacts[] | undefined;
  readonly from: SourcePath;
}

/** All that verdicts are derived from. */
export interface FleetFootprint {
  readonly topology: Topology;
  readonly services: readonly PlacedService[];
}

const unknownBackup: Backup = { none: "nothing states where snapshots of etcd go" };

/** The id of a site's control plane among the services. */
export const controlPlaneId = (site: string): string => `${site}/kubernetes`;

/**
 * The Kubernetes control plane of a site as a service: a member on each server, of which a majority must run (embedded etcd).
 * `assess` adds it for each site with servers that does not state its own. `backup`: where snapshots of etcd go.
 */
export function controlPlaneOf(site: SiteTopology, from: SourcePath, backup: Backup = unknownBackup): PlacedService {
  const servers = site.nodes.filter((node) => node.role === "server").length;
  const workload: Workload = {
    name: "server",
    controller: "host",
    members: { perSite: { [site.name]: servers } },
    selector: {},
    // 1,606 MB and a third of a Raspberry Pi's core, with embedded etcd: https://docs.k3s.io/reference/resource-profiling
    requests: { memory: "1536Mi", cpu: "400m" },
    limits: { memory: "1536Mi" },
    architectures: ["amd64", "arm64"],
    uses: [],
    // The API server answers neither reads nor writes without etcd's quorum: its reads are linearizable.
    reads: { kind: "majority" },
    writes: { kind: "majority" },
    restarts: { by: "itself", within: "2m" },
    runsOn: { required: [], preferred: [], tolerations: [], spread: [{ over: "node", required: true }] },
    stores: {
      what: "the cluster's state",
      size: "1Gi",
      moves: "nowhere",
      freedFromDeadNode: false,
      backup,
    },
    reaches: [],
  };
  return { id: controlPlaneId(site.name), site: site.name, workloads: [workload], providers: {}, from };
}
