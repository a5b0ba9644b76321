import { listAt, mapAt, textAt, textsAt } from "../kubernetes.ts";
import { amount } from "../quantities.ts";
import { isCron } from "./cron.ts";
import { demandsOf, textsIn, unread, valueAt, when } from "./demand.ts";

const clusters = ["Cluster"];
const backups = ["ScheduledBackup"];
const cluster = (symbols: string): string => `internal/webhook/v1/cluster_webhook.go (${symbols})`;

const bootstrapMethods = ["initdb", "recovery", "pg_basebackup"];

export const cloudnativePgDemands = demandsOf(
  "cloudnative-pg",
  "https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.30.0",
  [
    {
      kinds: clusters,
      demands: "have a name that is a DNS label of at most 50 letters",
      source: cluster("validateName"),
      refuses: ({ metadata: { name } }) => [
        ...when(
          !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name),
          "metadata.name: cluster name must be a valid DNS label",
        ),
        ...when(name.length > 50, "metadata.name: the maximum length of a cluster name is 50 characters"),
      ],
    },
    {
      kinds: clusters,
      demands: "begin in one way at most, with a database and its owner or neither",
      source: cluster("validateBootstrapMethod, validateApplicationDatabase"),
      refuses: (object) => {
        const bootstrap = mapAt(object, "spec", "bootstrap");
        const methods = bootstrapMethods.filter((method) => bootstrap[method] !== undefined);
        return [
          ...when(methods.length > 1, "spec.bootstrap: Only one bootstrap method can be specified at a time"),
          ...methods.flatMap((method) => {
            const { database, owner } = mapAt(bootstrap, method);
            return when(
              !database !== !owner,
              `spec.bootstrap.${method}: You need to specify the database name and its owner user`,
            );
          }),
        ];
      },
    },
    {
      kinds: clusters,
      demands: "with a recovery, name a source that is among the external clusters",
      source: cluster("validateBootstrapRecoverySource"),
      refuses: (object) => {
        const source = textAt(object, "spec", "bootstrap", "recovery", "source");
        const names = listAt(object, "spec", "externalClusters").map(({ name }) => name);
        return when(
          source !== undefined && !names.includes(source),
          `spec.bootstrap.recovery.source: External cluster ${source ?? ""} not found`,
        );
      },
    },
    {
      kinds: clusters,
      demands: "run an image whose tag is a version, of PostgreSQL 13 at least, and not latest",
      source: cluster("validateImageName, validateConfiguration"),
      refuses: (object) => {
        const image = textAt(object, "spec", "imageName");
        if (image === undefined) return [];
        const tag = /:([^:/@]+)(@.*)?$/.exec(image)?.[1] ?? "";
        const major = Number(/^(\d+)([.-]|$)/.exec(tag)?.[1] ?? NaN);
        return when(
          !(major >= 13),
          `spec.imageName: invalid version tag in ${image}: a version, of 13 or newer, must lead it`,
        );
      },
    },
    {
      kinds: clusters,
      demands: "ask for no more of a resource than its limit",
      source: cluster("validateResources"),
      refuses: (object) => {
        const requests = textsAt(object, "spec", "resources", "requests");
        const limits = textsAt(object, "spec", "resources", "limits");
        return Object.entries(requests).flatMap(([name, asked]) =>
          when(
            amount(asked) > amount(limits[name] ?? asked),
            `spec.resources.requests.${name}: request is greater than the limit`,
          ),
        );
      },
    },
    {
      kinds: clusters,
      demands: "wait for fewer followers than there are, and with a quorum for more than the standbys that are named",
      source: cluster("validateSynchronousReplicaConfiguration, validateFailoverQuorum"),
      refuses: (object) => {
        const synchronous = valueAt(object, "spec.postgresql.synchronous");
        if (synchronous === undefined) return [];
        const {
          number = 0,
          failoverQuorum,
          standbyNamesPre,
          standbyNamesPost,
        } = mapAt(object, "spec", "postgresql", "synchronous");
        const named = textsIn(standbyNamesPre).length + textsIn(standbyNamesPost).length;
        const all = Number(valueAt(object, "spec.instances") ?? 1) + named;
        return [
          ...when(
            Number(number) >= all,
            "spec.postgresql.synchronous: the number of synchronous replicas must be less than the total number of instances",
          ),
          ...when(
            failoverQuorum === true && Number(number) <= named,
            "spec.postgresql.synchronous: number must be greater than the standby names to allow automatic failover",
          ),
        ];
      },
    },
    {
      kinds: clusters,
      demands: "say how large its storage is, in an amount",
      source: cluster("validateStorageConfigurationSize"),
      refuses: (object) => {
        const size = textAt(object, "spec", "storage", "size");
        return [
          ...when(size === undefined, "spec.storage.size: Size not configured"),
          ...when(
            size !== undefined && !/^[0-9.]+(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.test(size),
            "spec.storage.size: Size value isn't valid",
          ),
        ];
      },
    },
    {
      kinds: clusters,
      demands: "keep apart in a way that it knows, and tolerate taints as pods do",
      source: cluster("validateAntiAffinity, validateTolerations"),
      refuses: (object) => {
        const type = textAt(object, "spec", "affinity", "podAntiAffinityType") ?? "";
        return [
          ...when(
            !["", "preferred", "required"].includes(type),
            "spec.affinity.podAntiAffinityType: must be preferred or required",
          ),
          ...listAt(object, "spec", "affinity", "tolerations").flatMap(
            ({ key = "", operator = "Equal", value = "" }) => [
              ...when(
                key === "" && operator !== "Exists",
                "spec.affinity.tolerations: operator must be Exists when `key` is empty",
              ),
              ...when(
                operator === "Exists" && value !== "",
                "spec.affinity.tolerations: value must be empty when `operator` is 'Exists'",
              ),
            ],
          ),
        ];
      },
    },
    {
      kinds: clusters,
      demands: "have one plugin at most that archives its log",
      source: cluster("validatePluginConfiguration"),
      refuses: (object) => {
        const archivers = listAt(object, "spec", "plugins").filter(
          (one) => one["isWALArchiver"] === true && one["enabled"] !== false,
        );
        return when(archivers.length > 1, "spec.plugins: Cannot enable more than one WAL archiver plugin");
      },
    },
    {
      kinds: clusters,
      demands: "refer to no pods in lines of pg_hba; nothing here names any",
      source: "pkg/postgres/hba/hba.go (ValidateLine)",
      refuses: (object) =>
        textsIn(valueAt(object, "spec.postgresql.pg_hba"))
          .filter((line) => /\$\{[^:]+:[^}]+\}/.test(line))
          .map((line) => `spec.postgresql.pg_hba: nobody has read what it demands of ${line}`),
    },
    unread(clusters, cluster("validate"), [
      "spec.bootstrap.pg_basebackup",
      "spec.bootstrap.initdb.import",
      "spec.bootstrap.initdb.walSegmentSize",
      "spec.bootstrap.initdb.postInitApplicationSQLRefs",
      "spec.bootstrap.recovery.volumeSnapshots",
      "spec.backup",
      "spec.certificates",
      "spec.env",
      "spec.ephemeralVolumeSource",
      "spec.managed",
      "spec.maxSyncReplicas",
      "spec.minSyncReplicas",
      "spec.podSelectorRefs",
      "spec.postgresql.extensions",
      "spec.postgresql.ldap",
      "spec.postgresql.parameters",
      "spec.postgresql.syncReplicaElectionConstraint",
      "spec.primaryLease",
      "spec.primaryUpdateStrategy",
      "spec.replica",
      "spec.replicationSlots",
      "spec.serviceAccountName",
      "spec.superuserSecret",
      "spec.tablespaces",
      "spec.walStorage",
    ]),
    {
      kinds: backups,
      demands: "have a schedule that begins with seconds",
      source: "internal/webhook/v1/scheduledbackup_webhook.go (validate)",
      refuses: (object) => {
        const schedule = textAt(object, "spec", "schedule") ?? "";
        // With five fields it only warns, and takes the first for seconds: backups would come each hour.
        const whole =
          isCron(schedule, { seconds: true }) &&
          (schedule.startsWith("@") || schedule.trim().split(/\s+/).length === 6);
        return when(!whole, `spec.schedule: "${schedule}" is no schedule of six fields`);
      },
    },
    {
      kinds: backups,
      demands:
        "say whether servers stay online only for snapshots of volumes, for which the cluster needs CRDs that it has not",
      source: "internal/webhook/v1/scheduledbackup_webhook.go (validate)",
      refuses: (object) => [
        ...when(
          textAt(object, "spec", "method") === "volumeSnapshot",
          "spec.method: Cannot use volumeSnapshot backup method due to missing VolumeSnapshot CRD",
        ),
        ...when(
          valueAt(object, "spec.online") !== undefined &&
            (textAt(object, "spec", "method") ?? "barmanObjectStore") === "barmanObjectStore",
          "spec.online: Online parameter can be specified only if the method is volumeSnapshot",
        ),
      ],
    },
    unread(["Backup", "Database", "Pooler"], "internal/webhook/v1 (backup, database and pooler)", ["spec"]),
  ],
);
