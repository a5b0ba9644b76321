import { snapshotStoreFile, type ClusterAccess } from "@isthmus/k3s";
import { z } from "zod";
import { snapshotSecrets } from "../../../plan/secrets.ts";

const text = z.string();
const config = z.looseObject({
  "isthmus:secrets": z
    .object({
      objectValue: z
        .looseObject({ [snapshotSecrets.accessKey]: text, [snapshotSecrets.secretKey]: text })
        .partial()
        .optional(),
    })
    .optional(),
});

/**
 * The object store's keys as the stack file has them today: an `up` that cannot end before a restore leaves those of before
 * in the stack's outputs.
 * @param printed by `pulumi config --json --show-secrets`.
 */
export function withKeysInConfig(access: ClusterAccess, printed: unknown): ClusterAccess {
  const read = config.safeParse(printed);
  const known = read.success ? (read.data["isthmus:secrets"]?.objectValue ?? {}) : {};
  const [accessKey, secretKey] = [known[snapshotSecrets.accessKey], known[snapshotSecrets.secretKey]];
  if (typeof accessKey !== "string" || typeof secretKey !== "string") return access;
  const keys = {
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    SNAPSHOT_STORE: snapshotStoreFile({ accessKey, secretKey }),
  };
  return { ...access, secrets: { ...access.secrets, ...keys } };
}
