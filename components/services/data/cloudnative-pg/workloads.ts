import {
  below,
  keptApart,
  nodesOpenTo,
  together,
  without,
  type Condition,
  type PodPlaces,
  type Store,
  type Values,
  type Workload,
} from "@isthmus/core";
import type { ClusterArgs, CnpgContext } from "./schema.ts";

/** The container that the Barman Cloud plugin adds to each server of a cluster. */
export const barmanSidecar = { requests: { memory: "96Mi", cpu: "20m" }, limits: { memory: "384Mi" } } as const;

const alike = {
  architectures: ["amd64", "arm64"],
  reaches: [],
} as const satisfies Partial<Workload>;

export function cnpgWorkloads(context: CnpgContext): Workload[] {
  const { instance, args, site } = context;
  const controller = {
    ...alike,
    controller: "Deployment",
    // Databases go on without it; failing over and changing them need it.
    reads: { kind: "nothing" },
    writes: { kind: "nothing" },
    restarts: { by: "itself", within: "2m" },
    limits: { memory: "256Mi" },
  } as const satisfies Partial<Workload>;
  return [
    {
      ...controller,
      name: "operator",
      members: { perSite: { [site.name]: 2 } },
      selector: { "app.kubernetes.io/name": "cloudnative-pg", "app.kubernetes.io/instance": instance },
      requests: { memory: "96Mi", cpu: "50m" },
      uses: [],
      runsOn: {
        required: [],
        preferred: [],
        tolerations: [],
        spread: [{ over: "node", required: nodesOpenTo(site.topology).length > 1 }],
      },
    },
    {
      ...controller,
      name: "barman-cloud",
      members: { perSite: { [site.name]: 1 } },
      selector: {
        "app.kubernetes.io/name": "plugin-barman-cloud",
        "app.kubernetes.io/instance": barmanRelease(instance),
      },
      requests: { memory: "64Mi", cpu: "20m" },
      uses: [{ capability: "certificates", to: ["start"] }],
      runsOn: { required: [], preferred: [], tolerations: [], spread: [] },
    },
    ...Object.entries(args.clusters).map(([name, settings]) => clusterWorkload(context, name, settings)),
  ];
}

/** The plugin's release; its instance label too. */
export const barmanRelease = (instance: string): string => `${instance}-barman-cloud`;
export const clusterWorkloadName = (cluster: string): string => `cluster-${cluster}`;

function clusterWorkload(context: CnpgContext, name: string, settings: ClusterArgs): Workload {
  const main = { memory: settings.memory, cpu: settings.cpu };
  const from = below(context.from, "clusters", name);
  return {
    ...alike,
    name: clusterWorkloadName(name),
    controller: "operator",
    members: { perSite: { [context.site.name]: settings.instances } },
    selector: { "cnpg.io/cluster": name, "cnpg.io/podRole": "instance" },
    requests: together(main, barmanSidecar.requests),
    sizedBy: ["memory", "cpu", "instances"].map((key) => below(from, key)),
    limits: { memory: together(main, { ...barmanSidecar.limits, cpu: "0" }).memory },
    uses: [{ capability: "volumes", to: ["start", "read", "write"] }],
    reads: { kind: "any" },
    writes: writesOf(settings.instances),
    restarts: { by: "itself", within: "5m" },
    runsOn: keptApart({ byNode: true }),
    stores: { ...storeOf(context, settings), sizedBy: [below(from, "size")] },
    // Followers stream from whoever leads.
    reaches: [
      {
        to: `${context.instance}/${clusterWorkloadName(name)}`,
        port: 5432,
        protocol: "TCP",
        tls: true,
        address: "shared",
      },
    ],
  };
}

/** Followers that must have a commit before it is acknowledged, so that it is on a majority: none below 3 servers. */
export function synchronousFollowers(instances: number): number {
  return instances < 3 ? 0 : Math.floor(instances / 2);
}

/** With synchronous followers a majority is needed to write and to elect; it fails over by itself within a minute. */
function writesOf(instances: number): Condition {
  return instances < 3 ? { kind: "primary", failover: "1m" } : { kind: "majority" };
}

function storeOf({ needs }: CnpgContext, settings: ClusterArgs): Store {
  const { size, backup } = settings;
  const volumes = needs.get("volumes");
  const store = needs.find("backupStore");
  const local = onNode(settings) ? volumes.onNode : undefined;
  const common = {
    what: "a PostgreSQL server's data and write-ahead log",
    size,
    // Barman's copies are consistent to the second; copies of the volumes beside them would only take room.
    storageClass: local ?? volumes.withoutBackup ?? volumes.storageClass,
    moves: local === undefined ? volumes.moves : ("nowhere" as const),
    freedFromDeadNode: volumes.freedFromDeadNode,
  };
  if ("none" in backup) return { ...common, backup: { none: backup.none } };
  if (store === undefined) return { ...common, backup: { none: "the site has no backup store" } };
  const by = "Barman Cloud, with the write-ahead log as it is written";
  return { ...common, backup: { by, to: store.place, every: "1d", keeps: backup.keep } };
}

/**
 * Whether a server's volume has one copy on its node: each commit is on a majority of the servers then, so that copies of
 * the volumes only write everything three times more. With fewer servers nothing else keeps the last commits.
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/main/docs/src/storage.md#block-storage-considerations-cephlonghorn
 */
const onNode = ({ volumes, instances }: ClusterArgs): boolean =>
  volumes === undefined ? synchronousFollowers(instances) > 0 : volumes === "local";

/** Both controllers' charts have the same keys. */
export const controllerPlaces: PodPlaces = {
  replicas: "replicaCount",
  requests: "resources.requests",
  limits: "resources.limits",
  affinity: "affinity",
  tolerations: "tolerations",
};

/** Where a cluster's aspects stand in its `Cluster` object. */
export const clusterPlaces: PodPlaces = {
  replicas: "spec.instances",
  requests: { at: "spec.resources.requests", as: without(barmanSidecar.requests) },
  limits: { at: "spec.resources.limits", as: without(barmanSidecar.limits) },
  affinity: { at: "spec.affinity", as: toClusterAffinity },
  tolerations: "spec.affinity.tolerations",
  storageSize: "spec.storage.size",
  storageClass: "spec.storage.storageClass",
};

/** The operator's own anti-affinity gives way to the footprint's. */
function toClusterAffinity(value: unknown): Values {
  const { nodeAffinity, podAntiAffinity } = value as Values;
  return {
    enablePodAntiAffinity: false,
    ...(nodeAffinity === undefined ? {} : { nodeAffinity }),
    ...(podAntiAffinity === undefined ? {} : { additionalPodAntiAffinity: podAntiAffinity }),
  };
}
