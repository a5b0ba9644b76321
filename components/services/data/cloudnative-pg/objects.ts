import {
  below,
  opaqueSecret,
  whenLinked,
  type BackupStoreFacts,
  type Manifest,
  type ObjectPlan,
  type Reference,
} from "@isthmus/core";
import { archiveOf, type ClusterArgs, type CnpgContext } from "./schema.ts";
import { barmanRelease, barmanSidecar, clusterPlaces, clusterWorkloadName, synchronousFollowers } from "./workloads.ts";
import { images } from "../pins.ts";

/** https://cloudnative-pg.io/plugin-barman-cloud/docs/usage/ */
const plugin = "barman-cloud.cloudnative-pg.io";
const credentials = "backup-store-credentials";

interface Backed {
  readonly name: string;
  readonly settings: ClusterArgs;
  readonly store: BackupStoreFacts;
}

export function cnpgObjects(context: CnpgContext): ObjectPlan[] {
  const store = context.needs.find("backupStore");
  const clusters = Object.entries(context.args.clusters);
  const backed = clusters.flatMap(([name, settings]) =>
    store === undefined || "none" in settings.backup ? [] : [{ name, settings, store }],
  );
  return [
    ...backed.slice(0, 1).map((one) => credentialSecret(context, one.store)),
    ...clusters.map(([name, settings]) =>
      clusterObject(context, { name, settings, store: backed.find((one) => one.name === name)?.store }),
    ),
    ...backed.flatMap((one) => [objectStore(context, one), scheduledBackup(context, one)]),
  ];
}

function credentialSecret(context: CnpgContext, store: BackupStoreFacts): ObjectPlan {
  return opaqueSecret(context, {
    id: "backup-credentials",
    name: credentials,
    data: {
      ACCESS_KEY_ID: store.accessKey,
      SECRET_ACCESS_KEY: store.secretKey,
      REGION: store.region,
      ...(store.ca === undefined ? {} : { "ca.crt": store.ca }),
    },
  });
}

function clusterObject(
  { instance, namespace, from }: CnpgContext,
  { name, settings, store }: { name: string; settings: ClusterArgs; store: BackupStoreFacts | undefined },
): ObjectPlan {
  const followers = synchronousFollowers(settings.instances);
  return {
    id: `cluster-${name}`,
    after: [
      `release/${instance}`,
      `release/${barmanRelease(instance)}`,
      ...(store === undefined ? [] : [`object/object-store-${name}`]),
    ],
    from: below(from, "clusters", name),
    pods: { [clusterWorkloadName(name)]: clusterPlaces },
    manifest: {
      apiVersion: "postgresql.cnpg.io/v1",
      kind: "Cluster",
      metadata: { name, namespace, ...(settings.restore === undefined ? {} : whenReachable(store)) },
      spec: {
        imageName: settings.image ?? images.postgresql,
        enableSuperuserAccess: false,
        enablePDB: true,
        ...beginning(name, settings),
        postgresql: {
          // The operator's own CA signs the servers' certificates; nobody gets in without TLS.
          pg_hba: ["hostnossl all all all reject"],
          ...(followers === 0 ? {} : { synchronous: synchronous(followers) }),
        },
        // Metrics without a CRD of somebody else's: Prometheus finds pods by these annotations.
        inheritedMetadata: { annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "9187" } },
        ...(store === undefined ? {} : { plugins: archiving({ name, settings, store }) }),
      },
    },
  };
}

/** Empty, or with what an archive holds: https://cloudnative-pg.io/plugin-barman-cloud/docs/usage/#restoring-a-cluster */
function beginning(name: string, { database, restore }: ClusterArgs) {
  const application = { database, owner: database };
  if (restore === undefined) return { bootstrap: { initdb: { ...application, dataChecksums: true } } };
  const { from, until } = restore;
  const target = until === undefined ? {} : { recoveryTarget: { targetTime: until } };
  const parameters = { barmanObjectName: name, serverName: from };
  return {
    bootstrap: { recovery: { ...application, source: "archive", ...target } },
    externalClusters: [{ name: "archive", plugin: { name: plugin, parameters } }],
  };
}

/** An annotation that makes an object wait until the backup store is known. */
const whenReachable = (store: BackupStoreFacts | undefined) =>
  store === undefined ? {} : { annotations: { "isthmus.dev/backup-store": store.endpoint as string | Reference } };

/** Writing stops rather than losing a commit that was acknowledged. */
function synchronous(followers: number) {
  return { method: "any", number: followers, dataDurability: "required", failoverQuorum: true };
}

/** Servers without a place to archive to would keep their write-ahead log until the volume is full: it waits for the link. */
function archiving({ name, settings, store }: Backed): unknown {
  const parameters = { barmanObjectName: name, serverName: archiveOf(name, settings) };
  const plugins = [{ name: plugin, enabled: true, isWALArchiver: true, parameters }];
  return store.peer === undefined ? plugins : whenLinked(store.peer, plugins);
}

function objectStore({ instance, namespace, from }: CnpgContext, { name, settings, store }: Backed): ObjectPlan {
  const credential = (key: string) => ({ name: credentials, key });
  const { backup } = settings;
  return {
    id: `object-store-${name}`,
    after: [`release/${barmanRelease(instance)}`, "object/backup-credentials"],
    from,
    manifest: {
      apiVersion: "barmancloud.cnpg.io/v1",
      kind: "ObjectStore",
      metadata: { name, namespace },
      spec: {
        ...("keep" in backup ? { retentionPolicy: backup.keep } : {}),
        configuration: {
          destinationPath: `s3://${store.bucket}/postgresql/`,
          endpointURL: store.endpoint,
          ...(store.ca === undefined ? {} : { endpointCA: credential("ca.crt") }),
          s3Credentials: {
            accessKeyId: credential("ACCESS_KEY_ID"),
            secretAccessKey: credential("SECRET_ACCESS_KEY"),
            region: credential("REGION"),
          },
          wal: { compression: "gzip", maxParallel: 2 },
          data: { compression: "gzip" },
        },
        instanceSidecarConfiguration: { resources: barmanSidecar },
      },
    },
  };
}

function scheduledBackup({ namespace, from }: CnpgContext, { name, settings, store }: Backed): ObjectPlan {
  const [hour, minute] = ("at" in settings.backup ? settings.backup.at : "02:00").split(":").map(Number);
  const manifest: Manifest = {
    apiVersion: "postgresql.cnpg.io/v1",
    kind: "ScheduledBackup",
    // The endpoint makes it wait until there is one: before, each run would fail.
    metadata: { name: `${name}-daily`, namespace, ...whenReachable(store) },
    spec: {
      // Six fields: the first is seconds.
      schedule: `0 ${minute} ${hour} * * *`,
      immediate: true,
      backupOwnerReference: "none",
      cluster: { name },
      method: "plugin",
      pluginConfiguration: { name: plugin },
    },
  };
  return {
    id: `daily-backup-${name}`,
    after: [`object/cluster-${name}`, `object/object-store-${name}`],
    manifest,
    from,
  };
}
