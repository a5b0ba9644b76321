import { opaqueSecret, whenLinked, type BackupStoreFacts, type ObjectPlan, type RenderContext } from "@isthmus/core";
import { defaultRequest, hasOnNode, storageClasses, type LonghornArgs } from "./schema.ts";

type Context = RenderContext<LonghornArgs>;

const backupTarget = "offsite";
const credentials = "longhorn-backup-credentials";
/** Volumes without a group of their own are in this one: https://longhorn.io/docs/1.12.1/snapshots-and-backups/scheduling-backups-and-snapshots/ */
const backedUp = "default";
/** A group without a job. A volume in any group is not in the default group. */
const notBackedUp = "no-backup";

export function longhornObjects(context: Context): ObjectPlan[] {
  const store = context.needs.find("backupStore");
  return [
    defaultRequests(context),
    target(context, store),
    storageClass(context, storageClasses.usual, backedUp),
    storageClass(context, storageClasses.withoutBackup, notBackedUp),
    ...(hasOnNode(context.args) ? [classOnNode(context)] : []),
    ...(store === undefined ? [] : [credentialSecret(context, store), dailyBackup(context, store)]),
  ];
}

function defaultRequests({ namespace, from }: Context): ObjectPlan {
  return {
    id: "default-requests",
    from,
    manifest: {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "default-requests", namespace },
      spec: { limits: [{ type: "Container", defaultRequest }] },
    },
  };
}

/**
 * Always there, because volumes name it from the day they are made; it gets its address once the other site is linked.
 * Longhorn's own target `default` cannot be deleted, which would stop a destroy.
 */
function target({ instance, namespace, from }: Context, store: BackupStoreFacts | undefined): ObjectPlan {
  const once = (value: unknown) => (store?.peer === undefined ? value : whenLinked(store.peer, value));
  return {
    id: "backup-target",
    after: [`release/${instance}`, ...(store === undefined ? [] : ["object/backup-credentials"])],
    from,
    manifest: {
      apiVersion: "longhorn.io/v1beta2",
      kind: "BackupTarget",
      metadata: { name: backupTarget, namespace },
      spec: {
        pollInterval: "5m0s",
        ...(store === undefined
          ? {}
          : {
              backupTargetURL: once(`s3://${store.bucket}@${store.region}/longhorn/`),
              credentialSecret: once(credentials),
            }),
      },
    },
  };
}

function credentialSecret(context: Context, store: BackupStoreFacts): ObjectPlan {
  return opaqueSecret(context, {
    id: "backup-credentials",
    name: credentials,
    data: {
      AWS_ACCESS_KEY_ID: store.accessKey,
      AWS_SECRET_ACCESS_KEY: store.secretKey,
      AWS_ENDPOINTS: store.endpoint,
      ...(store.ca === undefined ? {} : { AWS_CERT: store.ca }),
    },
  });
}

function dailyBackup({ instance, namespace, args, from }: Context, store: BackupStoreFacts): ObjectPlan {
  const [hour, minute] = args.backups.at.split(":").map(Number);
  return {
    id: "daily-backup",
    after: [`release/${instance}`, "object/backup-target"],
    from,
    manifest: {
      apiVersion: "longhorn.io/v1beta2",
      kind: "RecurringJob",
      metadata: { name: "daily-backup", namespace },
      spec: {
        name: "daily-backup",
        task: "backup",
        cron: `${minute} ${hour} * * *`,
        retain: args.backups.keep,
        concurrency: 1,
        // A job without a group does nothing: backups begin with the link.
        groups: store.peer === undefined ? [backedUp] : whenLinked(store.peer, [backedUp]),
        labels: {},
      },
    },
  };
}

function storageClass({ instance, args, from }: Context, name: string, group: string): ObjectPlan {
  const isUsual = name === storageClasses.usual;
  return {
    id: `storage-class-${isUsual ? "usual" : "no-backup"}`,
    after: [`release/${instance}`, "object/backup-target"],
    from,
    manifest: {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name,
        annotations: { "storageclass.kubernetes.io/is-default-class": String(isUsual && args.defaultClass) },
      },
      provisioner: "driver.longhorn.io",
      allowVolumeExpansion: true,
      // A deleted claim leaves its volume: a person deletes data.
      reclaimPolicy: "Retain",
      volumeBindingMode: "Immediate",
      parameters: {
        numberOfReplicas: String(args.replicas),
        staleReplicaTimeout: "30",
        fsType: "ext4",
        dataLocality: "best-effort",
        dataEngine: "v1",
        backupTargetName: backupTarget,
        recurringJobSelector: JSON.stringify([{ name: group, isGroup: true }]),
      },
    },
  };
}

/**
 * One copy, where its pod is: Longhorn writes that node into the volume once it is attached.
 * https://longhorn.io/docs/1.12.1/high-availability/data-locality/
 */
function classOnNode({ instance, from }: Context): ObjectPlan {
  return {
    id: "storage-class-on-node",
    after: [`release/${instance}`, "object/backup-target"],
    from,
    manifest: {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: storageClasses.onNode,
        annotations: { "storageclass.kubernetes.io/is-default-class": "false" },
      },
      provisioner: "driver.longhorn.io",
      allowVolumeExpansion: true,
      reclaimPolicy: "Retain",
      volumeBindingMode: "WaitForFirstConsumer",
      parameters: {
        numberOfReplicas: "1",
        staleReplicaTimeout: "30",
        fsType: "ext4",
        dataLocality: "strict-local",
        dataEngine: "v1",
        backupTargetName: backupTarget,
        recurringJobSelector: JSON.stringify([{ name: notBackedUp, isGroup: true }]),
      },
    },
  };
}
