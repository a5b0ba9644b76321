import assert from "node:assert/strict";
import { snapshotStoreFile, type ClusterAccess } from "@isthmus/k3s";
import { withKeysInConfig } from "./keys-in-config.ts";

const secrets = { S3_ACCESS_KEY: "old", S3_SECRET_KEY: "older", SNAPSHOT_STORE: "of before", SERVER_TOKEN: "t" };
const access: ClusterAccess = { hosts: {}, servers: [], machines: {}, secrets };
const configOf = (kept: Readonly<Record<string, string>>) => ({
  "isthmus:site": { value: "{}", objectValue: {}, secret: false },
  "isthmus:secrets": { value: JSON.stringify(kept), objectValue: kept, secret: true },
});

describe("the object store's keys", () => {
  it("are those of the stack file, whatever the last `up` that ended knew", () => {
    const kept = { snapshotAccessKey: "new", snapshotSecretKey: "newer", sshKey: "s" };
    assert.deepEqual(withKeysInConfig(access, configOf(kept)).secrets, {
      S3_ACCESS_KEY: "new",
      S3_SECRET_KEY: "newer",
      SNAPSHOT_STORE: snapshotStoreFile({ accessKey: "new", secretKey: "newer" }),
      SERVER_TOKEN: "t",
    });
  });

  it("are those of the outputs where the stack file has none", () => {
    assert.deepEqual(withKeysInConfig(access, configOf({ sshKey: "s" })), access);
    assert.deepEqual(withKeysInConfig(access, {}), access);
  });
});
