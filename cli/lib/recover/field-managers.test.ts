import assert from "node:assert/strict";
import { withoutDead, type ManagedFields } from "./field-managers.ts";

const manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "login", namespace: "apps", labels: { app: "shop" } },
  stringData: { token: "t" },
  spec: { hosts: ["a"] },
};
const fields = (...keys: readonly string[]): Record<string, unknown> => ({
  "f:stringData": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])),
});
const entry = (manager: string, fieldsV1: Record<string, unknown>, operation = "Apply"): ManagedFields => ({
  manager,
  operation,
  apiVersion: "v1",
  fieldsType: "FieldsV1",
  fieldsV1,
});
const dead = "pulumi-kubernetes-0a1b2c3d";

describe("fields that a dead run wrote", () => {
  it("are handed to the one writer of all runs, beside those that it has", () => {
    const after = withoutDead([entry("isthmus", fields("token")), entry(dead, fields("token", "old"))], {
      manifest,
      manager: "isthmus",
    });
    assert.deepEqual(after, { dead: [dead], entries: [entry("isthmus", fields("token", "old"))] });
  });

  it("are all of one writer, where several runs died", () => {
    const other = "pulumi-kubernetes-ffffffff";
    const after = withoutDead([entry(dead, fields("token")), entry(other, fields("token", "more"))], {
      manifest,
      manager: undefined,
    });
    assert.deepEqual(after?.dead, [dead, other]);
    assert.deepEqual(after.entries, [entry("isthmus", fields("token", "more"))]);
  });

  it("are nobody's concern where the state knows their writer: a run of a version before lives on", () => {
    assert.equal(withoutDead([entry(dead, fields("token"))], { manifest, manager: dead }), undefined);
  });

  it("stay with everybody else: Helm, operators, people, and programs that add a field of their own", () => {
    const others = [
      entry("helm", fields("token")),
      entry("kubectl-edit", fields("token"), "Update"),
      entry("pulumi-kubernetes", fields("token"), "Update"),
      entry("longhorn-manager", fields("token"), "Update"),
      entry("pulumi-kubernetes-mine", fields("token")),
      entry("pulumi-kubernetes-12345678", { "f:metadata": { "f:labels": { ".": {}, "f:theirs": {} } } }),
      entry("pulumi-kubernetes-12345679", fields("theirs")),
    ];
    assert.equal(withoutDead(others, { manifest, manager: "isthmus" }), undefined);
    const after = withoutDead([...others, entry(dead, fields("token"))], { manifest, manager: "isthmus" });
    assert.deepEqual(after?.entries, [...others, entry("isthmus", fields("token"))]);
  });

  it("are recognised in lists and labels, too", () => {
    for (const owned of [
      { "f:metadata": { "f:labels": { "f:app": {} } } },
      { "f:spec": { "f:hosts": { 'v:"a"': {} } } },
      { "f:stringData": { ".": {}, "f:token": {} } },
      { "f:data": { "f:token": {} } },
    ])
      assert.deepEqual(withoutDead([entry(dead, owned)], { manifest, manager: undefined })?.dead, [dead]);
  });
});
