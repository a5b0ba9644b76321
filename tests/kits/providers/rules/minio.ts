/** `@pulumi/minio`: buckets, users and policies of one MinIO server. */
import { randomBytes } from "node:crypto";

import { Refusal, type Call, type PackageRules, type ResourceRules } from "../contract.ts";
import { text, thing } from "../things.ts";
import { textAt } from "../values.ts";

const place =
  (kind: string, path: string) =>
  (call: Call): readonly string[] => ["minio", text(call.world.config, "minioServer"), kind, text(call.inputs, path)];

function exists(call: Call, kind: string, name: string): void {
  const found = call.world.store.get(["minio", text(call.world.config, "minioServer"), kind, name]);
  if (found === undefined) throw new Refusal(`the specified ${kind} does not exist: ${name}`);
}

const bucket = thing({
  required: ["bucket"],
  computed: ["arn", "bucketDomainName"],
  replaceOn: ["bucket"],
  key: place("bucket", "bucket"),
  id: (call) => text(call.inputs, "bucket"),
  outputs: (call) => ({
    arn: `arn:aws:s3:::${text(call.inputs, "bucket")}`,
    bucketDomainName: `${text(call.world.config, "minioServer")}/minio/${text(call.inputs, "bucket")}`,
  }),
  taken: (call) => `bucket already exists: ${text(call.inputs, "bucket")}`,
});

const user = thing({
  required: ["name"],
  secrets: ["secret"],
  computed: ["secret", "status"],
  replaceOn: ["name"],
  key: place("user", "name"),
  id: (call) => text(call.inputs, "name"),
  outputs: (call) => ({ secret: textAt(call.inputs, "secret") ?? keptSecret(call), status: "enabled" }),
  taken: "adopt",
});

const policy = thing({
  required: ["name", "policy"],
  replaceOn: ["name"],
  key: place("policy", "name"),
  id: (call) => text(call.inputs, "name"),
  taken: "adopt",
});

const attachment = thing({
  required: ["userName", "policyName"],
  replaceOn: ["userName", "policyName"],
  key: (call) => [...place("attachment", "userName")(call), text(call.inputs, "policyName")],
  id: (call) => `${text(call.inputs, "userName")}-${text(call.inputs, "policyName")}`,
  before: (call) => {
    exists(call, "user", text(call.inputs, "userName"));
    exists(call, "policy", text(call.inputs, "policyName"));
  },
  taken: "adopt",
});

const types: Readonly<Record<string, ResourceRules>> = {
  "minio:index/s3Bucket:S3Bucket": bucket,
  "minio:index/iamUser:IamUser": user,
  "minio:index/iamPolicy:IamPolicy": policy,
  "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment": attachment,
};

export const rules: PackageRules = {
  resource: (type) => types[type],
  configure: (config) => {
    for (const setting of ["minioServer", "minioUser", "minioPassword"]) {
      if (textAt(config, setting) === undefined) throw new Refusal(`provider setting ${setting} has no value`);
    }
  },
};

/** The secret that a user got when it was made stays its secret. */
function keptSecret(call: Call): string {
  const kept = call.world.store.get(place("user", "name")(call))?.state["outputs"];
  const secret = kept !== null && typeof kept === "object" && "secret" in kept ? kept.secret : undefined;
  return typeof secret === "string" ? secret : randomBytes(20).toString("base64url");
}
