import { unique, type ReleasePlan, type ServiceContext, type Taint } from "@isthmus/core";
import { charts } from "@isthmus/helm";
import { nodesWithVolumes, type LonghornArgs } from "./longhorn-arguments.ts";
import { csiContainer, csiControllers, instanceManagerShare, longhornPlaces } from "./longhorn-workloads.ts";

type Context = ServiceContext<LonghornArgs>;

export function longhornRelease(context: Context): ReleasePlan {
  const { instance, namespace, args } = context;
  return {
    name: instance,
    namespace,
    chart: charts.longhorn,
    timeout: "15m",
    after: ["object/default-requests"],
    values: {
      // StorageClasses are objects of ours: the chart could make only one.
      persistence: { createStorageClass: false },
      defaultSettings: settings(context),
      csi: { podAntiAffinityPreset: "soft" },
      // Without a route nobody reaches the UI, and it has no login.
      ...(args.ui === undefined ? { longhornUI: { replicas: 0 } } : {}),
    },
    pods: longhornPlaces(context),
  };
}

/** https://longhorn.io/docs/1.12.1/references/settings/ */
function settings(context: Context): Record<string, string> {
  const { args } = context;
  const hosts = unique(nodesWithVolumes(context).map((node) => node.host));
  return {
    defaultDataPath: args.dataPath,
    defaultReplicaCount: JSON.stringify({ v1: String(args.replicas), v2: String(args.replicas) }),
    // Never two copies on one node, and nothing is called created before all copies are.
    replicaSoftAntiAffinity: "false",
    allowVolumeCreationWithDegradedAvailability: "false",
    // A zone is a physical host. Where there are enough, each copy is on a host of its own; else as far as possible.
    replicaZoneSoftAntiAffinity: String(hosts.length < args.replicas),
    replicaAutoBalance: "least-effort",
    nodeDownPodDeletionPolicy: "delete-both-statefulset-and-deployment-pod",
    // A drained node keeps a volume's last healthy copy until it is copied elsewhere.
    nodeDrainPolicy: "block-for-eviction-if-contains-last-replica",
    taintToleration: args.tolerations.map(toSetting).join(";"),
    guaranteedInstanceManagerCPU: JSON.stringify({ v1: String(instanceManagerShare), v2: "0" }),
    systemManagedCSIComponentsResourceLimits: JSON.stringify(csiAmounts()),
    // Uninstalling deletes every volume; without the flag it is refused.
    deletingConfirmationFlag: String(args.allowUninstall),
    allowCollectingLonghornUsageMetrics: "false",
  };
}

/** `kubectl taint` syntax; a toleration of any value is written without one. */
function toSetting({ key, value, effect }: Taint): string {
  return value === undefined ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}

function csiAmounts(): Record<string, typeof csiContainer> {
  const parts = [
    ...csiControllers.map((part) => `csi-${part}`),
    "longhorn-csi-plugin",
    "node-driver-registrar",
    "longhorn-liveness-probe",
  ];
  return Object.fromEntries(parts.map((part) => [part, csiContainer]));
}
