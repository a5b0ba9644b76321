import { asText, isRecord, mapAt, textAt, type Json, type KubernetesObject } from "../kubernetes.ts";
import { isCron } from "./cron.ts";
import { demandsOf, sameKind, textsIn, unread, valueAt, when } from "./demand.ts";

const targets = ["BackupTarget"];
const jobs = ["RecurringJob"];

/** The keys of a Secret with credentials that are looked at. (types/types.go) */
const credentialKeys = [
  "iam.amazonaws.com/role",
  "AWS_IAM_ROLE_ARN",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_ENDPOINTS",
  "AWS_CERT",
  "CIFS_USERNAME",
  "CIFS_PASSWORD",
  "AZBLOB_ACCOUNT_NAME",
  "AZBLOB_ACCOUNT_KEY",
  "AZBLOB_ENDPOINT",
  "AZBLOB_CERT",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "VIRTUAL_HOSTED_STYLE",
];

/** What is said of each credential of a Secret that begins or ends with white space, in Longhorn's words. */
export function untidyCredentials(secret: unknown): readonly string[] {
  const kept = Object.entries(mapAt(secret, "data")).map(([key, value]) => [
    key,
    Buffer.from(asText(value), "base64").toString(),
  ]);
  const data: Readonly<Record<string, unknown>> = {
    ...(Object.fromEntries(kept) as Json),
    ...mapAt(secret, "stringData"),
  };
  return credentialKeys.flatMap((key) => {
    const value = data[key];
    if (typeof value !== "string" || value.trim() === value) return [];
    return [
      ...when(value.startsWith(" "), `invalid leading whitespace in ${key}`),
      ...when(value.endsWith(" "), `invalid trailing whitespace in ${key}`),
      ...when(value.startsWith("\n"), `invalid leading newline in ${key}`),
      ...when(value.endsWith("\n"), `invalid trailing newline in ${key}`),
    ];
  });
}

const tasks = [
  "backup",
  "backup-force-create",
  "filesystem-trim",
  "snapshot",
  "snapshot-force-create",
  "snapshot-cleanup",
  "snapshot-delete",
  "system-backup",
];
/** The default of the setting recurring-job-max-retention, which nothing here changes. (types/setting.go) */
const mostRetained = 100;
const longestName = 40;

const text = (object: KubernetesObject, key: string): string => textAt(object, "spec", key) ?? "";

export const longhornDemands = demandsOf("longhorn", "https://github.com/longhorn/longhorn-manager/blob/v1.12.1", [
  {
    kinds: [...targets, ...jobs],
    demands: "have a name of lower-case letters, digits, underscores, dots and dashes, of two at least",
    source: "util/util.go (ValidateName)",
    refuses: ({ metadata: { name } }) => when(!/^[a-z0-9][a-z0-9_.-]+$/.test(name), `invalid name ${name}`),
  },
  {
    kinds: targets,
    demands: "have an address of a kind that it knows, without a dollar sign and a comma in its path",
    source: "datastore/longhorn.go (ValidateBackupTargetURL, checkBackupTargetURLFormat, getBackupTargetPath)",
    refuses: (target) => {
      const address = text(target, "backupTargetURL");
      if (address === "") return [];
      const scheme = /^([a-z0-9]+):\/\//.exec(address)?.[1] ?? "";
      const path = address.replace(/^[a-z0-9]+:\/\/[^/]*/, "");
      return [
        ...when(
          !["s3", "azblob", "cifs", "nfs"].includes(scheme),
          `url ${address} with the unsupported protocol ${scheme}`,
        ),
        ...when((scheme === "cifs" ? /,/ : /[$,]/).test(path), `url ${address}, contains $ or ,`),
      ];
    },
  },
  {
    kinds: targets,
    demands: "have an address that no other backup target has",
    source: "datastore/longhorn.go (validateBackupTargetURLExisting)",
    refuses: (target, beside) => {
      const address = text(target, "backupTargetURL").toLowerCase();
      const same = sameKind(target, beside).find((other) => text(other, "backupTargetURL").toLowerCase() === address);
      return when(
        address !== "" && same !== undefined,
        `url ${address} is the same to backup target ${same?.metadata.name ?? ""}`,
      );
    },
  },
  {
    kinds: targets,
    demands: "name a Secret whose credentials neither begin nor end with a space or a line break",
    source: "webhook/resources/backuptarget/validator.go (validateCredentialSecret)",
    refuses: (target, { all }) => {
      const secret = all.find(
        ({ kind, metadata }) =>
          kind === "Secret" &&
          metadata.name === text(target, "credentialSecret") &&
          metadata.namespace === target.metadata.namespace,
      );
      return untidyCredentials(secret);
    },
  },
  {
    kinds: jobs,
    demands:
      "have a name of at most 40 letters, a task that it knows, a schedule of five fields, and retain at most 100",
    source: "datastore/longhorn.go (ValidateRecurringJob), webhook/resources/recurringjob/validator.go (Create)",
    refuses: (job) => {
      // The mutating one fills the name in.
      const name = text(job, "name") || job.metadata.name;
      return [
        ...when(name.length > longestName, `job name ${name} must be ${String(longestName)} characters or less`),
        ...when(!tasks.includes(text(job, "task")), `recurring job task ${text(job, "task")} is not valid`),
        ...when(!isCron(text(job, "cron"), { seconds: false }), `invalid cron format(${text(job, "cron")})`),
        ...when(
          Number(valueAt(job, "spec.retain") ?? 0) > mostRetained,
          `retain value should be less than or equal to ${String(mostRetained)}`,
        ),
      ];
    },
  },
  {
    kinds: jobs,
    demands: "be in groups whose names are letters, digits, underscores, dots and dashes, of two at least",
    source: "datastore/longhorn.go (ValidateRecurringJob), util/util.go (ValidateString)",
    refuses: (job) =>
      textsIn(valueAt(job, "spec.groups"))
        .filter((group) => !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(group))
        .map((group) => `invalid group name ${group}`),
  },
  {
    kinds: jobs,
    demands: "have no labels and no parameters that it does not know; nothing here sets them",
    source: "datastore/longhorn.go (ValidateRecurringJobParameters), util/util.go (ValidateSnapshotLabels)",
    refuses: (job) =>
      ["labels", "parameters"].flatMap((key) => {
        const value = mapAt(job, "spec")[key];
        return when(isRecord(value) && Object.keys(value).length > 0, `nobody has read what it demands of spec.${key}`);
      }),
  },
  unread(["Setting"], "webhook/resources/setting/validator.go (validateSetting)", ["value"]),
  unread(
    ["Node", "Volume", "BackingImage", "Backup", "Snapshot", "SystemBackup", "SystemRestore"],
    "webhook/server/validation.go (Validation)",
    ["spec"],
  ),
]);
