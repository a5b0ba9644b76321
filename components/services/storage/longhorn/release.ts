import { type ReleasePlan, type ServiceContext, type Taint } from "@isthmus/core";
import { apartByHost, hasOnNode, promisedOfDisk, type LonghornArgs } from "./schema.ts";
import { csiContainer, csiControllers, instanceManagerShare, longhornPlaces } from "./workloads.ts";
import { charts } from "../pins.ts";

type Context = ServiceContext<LonghornArgs>;

export function longhornRelease(context: Context): ReleasePlan {
  const { instance, namespace, args } = context;
  return {
    name: instance,
    namespace,
    chart: charts.longhorn,
    timeout: "15m",
    webhook: {
      // https://github.com/longhorn/longhorn-manager/blob/v1.12.1/datastore/longhorn.go (ValidateRecurringJob)
      refused: {
        apiVersion: "longhorn.io/v1beta2",
        kind: "RecurringJob",
        metadata: { name: "isthmus-probe", namespace },
        spec: { name: "isthmus-probe", task: "backup", cron: "never", retain: 1, concurrency: 1 },
      },
      because: "invalid cron format",
    },
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
  return {
    defaultDataPath: args.dataPath,
    defaultReplicaCount: JSON.stringify({ v1: String(args.replicas), v2: String(args.replicas) }),
    // Never two copies on one node, and nothing is called created before all copies are.
    replicaSoftAntiAffinity: "false",
    allowVolumeCreationWithDegradedAvailability: "false",
    // A zone is a physical host. Where there are enough, each copy is on a host of its own; else as far as possible.
    replicaZoneSoftAntiAffinity: String(!apartByHost(context)),
    replicaAutoBalance: "least-effort",
    nodeDownPodDeletionPolicy: "delete-both-statefulset-and-deployment-pod",
    nodeDrainPolicy: drainPolicy(args),
    storageReservedPercentageForDefaultDisk: String(promisedOfDisk.reservedPercent),
    storageOverProvisioningPercentage: String(promisedOfDisk.overProvisioningPercent),
    recurringJobMaxRetention: String(Math.max(usualRetention, args.backups.keep)),
    taintToleration: args.tolerations.map(toSetting).join(";"),
    guaranteedInstanceManagerCPU: JSON.stringify({ v1: String(instanceManagerShare), v2: "0" }),
    systemManagedCSIComponentsResourceLimits: JSON.stringify(csiAmounts()),
    // Uninstalling deletes every volume; without the flag it is refused.
    deletingConfirmationFlag: String(args.allowUninstall),
    allowCollectingLonghornUsageMetrics: "false",
  };
}

/**
 * What a drained node that has a volume's last healthy copy waits for. Where every volume has one copy: that it is copied
 * elsewhere. Else only until that copy is not in use: volumes of the class with one copy cannot leave their node, and a
 * drain would wait for ever. https://github.com/longhorn/longhorn-manager/blob/v1.12.1/controller/node_controller.go
 */
const drainPolicy = (args: LonghornArgs): string =>
  hasOnNode(args) ? "allow-if-replica-is-stopped" : "block-for-eviction-if-contains-last-replica";

/** What the webhook lets a job keep, unless it is told more (250 at most). Source: as above, types/setting.go. */
const usualRetention = 100;

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
