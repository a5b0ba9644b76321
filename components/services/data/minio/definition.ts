import {
  below,
  defineService,
  entryClaims,
  entryPort,
  entryRequires,
  entryService,
  fullName,
  generated,
  keptApart,
  nodesOpenTo,
  type Footprint,
  type ReleasePlan,
  type ServiceContext,
  type SiteExports,
  type Store,
  type Workload,
} from "@isthmus/core";
import { backupAccount, backupBucket, defaultRegion } from "../backup-bucket.ts";
import { quorumOf } from "./erasure-set.ts";
import { checkMinio, erasureSetOf, membersBySite, minioSchema, type MinioArgs } from "./schema.ts";
import { accountSecret, accountSecretKey, minioNames, minioObjects, passwordOf, storeService } from "./objects.ts";
import { charts } from "../pins.ts";

type Context = ServiceContext<MinioArgs>;

const port = 9000;

/**
 * An S3 store inside the site, with a bucket and an account for each other site's backups.
 *
 * MinIO's source is no longer maintained and its chart's last image is of December 2024: it gets no security fixes. It is
 * here because it is widely known; it listens on private addresses only. The capability `objectStore` is what others
 * build on, so that another store can take its place.
 */
export const minio = defineService<MinioArgs>({
  name: "minio",
  summary: "MinIO keeps other sites' backups behind the S3 API. It is no longer maintained upstream and gets no fixes.",
  schema: minioSchema,
  requires: ({ drives, reach }) => [
    ...entryRequires(reach),
    "certificates",
    ...(drives === "local-path" ? [] : (["volumes"] as const)),
  ],
  provides: () => ["objectStore"],
  check: checkMinio,
  offers: ({ needs, ...own }) => ({
    objectStore: {
      endpoint: `https://${fullName(storeService(own))}:${port}`,
      region: defaultRegion,
      ca: needs.get("certificates").ca,
    },
  }),
  footprint,
  generates: ({ instance, site }) =>
    [minioNames(instance).root, ...site.peers.map((peer) => passwordOf(instance, peer.name))].map((name) => ({
      name,
      kind: "password",
      length: 40,
    })),
  charts: (context) => [release(context)],
  objects: minioObjects,
  exports: exported,
});

function footprint(context: Context): Footprint {
  const { instance, args, from } = context;
  const names = { name: instance, hostName: args.hostName, from: below(from, "reach") };
  return {
    workloads: [servers(context)],
    routes: [],
    ...entryClaims(args.reach, names),
    podSecurity: "baseline",
    // Its containers make the buckets, the accounts and what else is set; one after the other makes the policies first.
    hooks:
      context.site.peers.length === 0
        ? []
        : [{ name: `${instance}-post-job`, controller: "Job", requests: { memory: "384Mi", cpu: "0" } }],
  };
}

function servers(context: Context): Workload {
  const { instance, args, site, from } = context;
  const quorum = quorumOf(erasureSetOf(context));
  const members = membersBySite(context);
  const enough = nodesOpenTo(site.topology).length >= (members[site.name] ?? 0);
  return {
    name: "server",
    controller: "StatefulSet",
    members: { perSite: members },
    selector: { app: "minio", release: instance },
    requests: { memory: args.memory, cpu: "100m" },
    sizedBy: [below(from, "memory"), below(from, "members")],
    limits: { memory: twice(args.memory) },
    architectures: ["amd64", "arm64"],
    uses: [
      { capability: "certificates", to: ["start"] },
      // An address of its own is announced; assigning it anew is not needed.
      ...entryRequires(args.reach).map((capability) => ({ capability, to: ["read"] }) as const),
      ...(args.drives === "local-path" ? [] : [{ capability: "volumes", to: ["start", "read", "write"] } as const]),
    ],
    reads: { kind: "atLeast", members: quorum.readMembers },
    writes: { kind: "atLeast", members: quorum.writeMembers },
    restarts: { by: "itself", within: "3m" },
    // With fewer nodes than servers some share a node; then it is the loss of that node that counts.
    runsOn: keptApart({ byNode: enough }),
    stores: driveOf(context),
    // Servers find one another by name, each by its own.
    reaches: [{ to: `${instance}/server`, port, protocol: "TCP", tls: true, address: "perMember" }],
  };
}

function driveOf({ args, needs, from }: Context): Store {
  const backup = { none: "it holds copies of other sites' data, and these sites still have what was copied" };
  const common = {
    what: `a drive of the erasure set, one of ${args.drivesPerMember} of each server`,
    size: args.size,
    volumes: args.drivesPerMember,
    sizedBy: [below(from, "size"), below(from, "drivesPerMember")],
    backup,
  };
  if (args.drives === "local-path") {
    return { ...common, storageClass: "local-path", moves: "nowhere", freedFromDeadNode: false };
  }
  const volumes = needs.get("volumes");
  if (args.drives === "local" && volumes.onNode !== undefined) {
    return { ...common, storageClass: volumes.onNode, moves: "nowhere", freedFromDeadNode: volumes.freedFromDeadNode };
  }
  return {
    ...common,
    storageClass: volumes.withoutBackup ?? volumes.storageClass,
    moves: volumes.moves,
    freedFromDeadNode: volumes.freedFromDeadNode,
  };
}

function twice(memory: MinioArgs["memory"]): MinioArgs["memory"] {
  return `${Number(memory.slice(0, -2)) * 2}${memory.slice(-2) as "Mi" | "Gi" | "Ti"}`;
}

function release(context: Context): ReleasePlan {
  const { instance, namespace, args, site, needs } = context;
  const names = minioNames(instance);
  const set = erasureSetOf(context);
  const spare = Math.max(1, set.members - quorumOf(set).writeMembers);
  return {
    name: instance,
    namespace,
    chart: charts.minio,
    timeout: "10m",
    after: ["certificate", "trusted-ca", "root", ...site.peers.map(({ name }) => `account-${name}`)].map(
      (id) => `object/${id}`,
    ),
    values: {
      fullnameOverride: instance,
      mode: "distributed",
      drivesPerNode: args.drivesPerMember,
      pools: 1,
      existingSecret: names.root,
      // Servers read it at their start only.
      podAnnotations: { "isthmus.dev/root": generated(names.root, "fingerprint") },
      tls: { enabled: true, certSecret: names.tls, publicCrt: "tls.crt", privateKey: "tls.key" },
      trustedCertsSecret: names.trusted,
      persistence: { enabled: true },
      service: { ...entryService(args.reach, needs), port: String(port) },
      // No console: everything is set up here.
      environment: { MINIO_STORAGE_CLASS_STANDARD: `EC:${set.parity}`, MINIO_BROWSER: "off" },
      podDisruptionBudget: { enabled: true, maxUnavailable: spare },
      // The lists replace the chart's own, which has a user with a known password.
      ...forPeers(context),
    },
    pods: {
      server: {
        replicas: "replicas",
        requests: "resources.requests",
        limits: "resources.limits",
        affinity: "affinity",
        tolerations: "tolerations",
        storageSize: "persistence.size",
        storageClass: "persistence.storageClass",
      },
    },
  };
}

function forPeers({ instance, args, site }: Context) {
  const peers = site.peers.map(({ name }) => name);
  return {
    // A bucket with locks refuses MinIO's own force-delete, which asks for no more than leave to delete and takes every version; nothing is locked. It counts
    // when the bucket is made: https://github.com/minio/minio/blob/master/cmd/object-handlers.go (DeleteObjectHandler)
    buckets: peers.map((peer) => ({
      name: backupBucket(peer),
      policy: "none",
      purge: false,
      versioning: true,
      objectlocking: true,
    })),
    policies: peers.map((peer) => ({ name: backupAccount(peer), statements: statementsFor(backupBucket(peer)) })),
    users: peers.map((peer) => ({
      accessKey: backupAccount(peer),
      existingSecret: accountSecret(instance, peer),
      existingSecretKey: accountSecretKey,
      policy: backupAccount(peer),
    })),
    ...passwordsOf(peers.map((peer) => ({ account: backupAccount(peer), name: accountSecret(instance, peer) }))),
    // Commands run after each upgrade: the rule is taken away first, so that there is one.
    customCommands: peers.flatMap((peer) => [
      { command: `ilm rule rm --all --force myminio/${backupBucket(peer)} || true` },
      { command: `ilm rule add --noncurrent-expire-days ${args.keepDeleted} myminio/${backupBucket(peer)}` },
    ]),
  };
}

/**
 * The chart's job leaves an account that exists as it is, whatever its Secret says by now: what comes after it sets the password
 * again. It runs with each upgrade, and so when a password changes.
 * https://github.com/minio/minio/blob/master/helm/minio/templates/_helper_create_user.txt
 */
function passwordsOf(accounts: readonly { readonly account: string; readonly name: string }[]) {
  // It stands within double quotes there: none here, and no backslash.
  const commands = accounts.map(
    ({ account, name }) =>
      `{ echo ${account}; cat /config/secrets/${name}/${accountSecretKey}; echo; } | /usr/bin/mc --insecure --config-dir /etc/minio/mc/ admin user add myminio`,
  );
  const fingerprints = accounts.map(({ name }) => [`isthmus.dev/${name}`, generated(name, "fingerprint")]);
  return {
    postJob: { podAnnotations: Object.fromEntries(fingerprints) as Readonly<Record<string, unknown>> },
    ...(commands.length === 0 ? {} : { makeUserJob: { exitCommand: commands.join(" && ") } }),
  };
}

/**
 * Everything in the one bucket but deleting versions: a site that is taken over cannot wipe out its backups. MinIO takes leave to delete for
 * leave to delete versions, too, where that is not denied: https://github.com/minio/minio/pull/16409
 */
function statementsFor(bucket: string) {
  return [
    {
      effect: "Allow",
      resources: [`arn:aws:s3:::${bucket}`],
      actions: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
    },
    {
      effect: "Allow",
      resources: [`arn:aws:s3:::${bucket}/*`],
      actions: [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
      ],
    },
    { effect: "Deny", resources: [`arn:aws:s3:::${bucket}/*`], actions: ["s3:DeleteObjectVersion"] },
  ];
}

function exported({ instance, args, site, needs }: Context): Partial<SiteExports> {
  const accounts = site.peers.map(({ name }) => [
    name,
    {
      bucket: backupBucket(name),
      accessKey: backupAccount(name),
      secretKey: generated(passwordOf(instance, name), "password"),
    },
  ]);
  return {
    objectStore: {
      // By name: the other site's cluster resolves it itself, to every address that answers.
      endpoint: `https://${args.hostName}:${entryPort(args.reach, port)}`,
      ca: needs.get("certificates").ca,
      accounts: Object.fromEntries(accounts) as SiteExports["objectStore"]["accounts"],
    },
  };
}
