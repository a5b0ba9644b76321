import assert from "node:assert/strict";
import type { Checkpoint } from "../pulumi/checkpoint.ts";
import { samePlace } from "./backend.ts";
import { checkState, notSeen, type Facts } from "./check.ts";
import { whyNot } from "./restore.ts";

const checkpoint = (time: string, resources = 1): Checkpoint => ({
  version: 3,
  deployment: {
    manifest: { time },
    secrets_providers: { type: "passphrase" },
    resources: Array.from({ length: resources }, (_, index) => ({ urn: `urn::${index}`, type: "a:b:C" })),
  },
});
const [older, newer] = ["2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z"];

const copied = { file: "site-a.json", sha256: "", bytes: 1, resources: 1, writtenAt: newer };
const manifest = { version: 1 as const, takenAt: newer, backend: "", cli: "", stacks: { "site-a": copied } };
const fine: Facts = {
  stated: { backend: "s3://state?region=x&endpoint=y", standsAt: "elsewhere" },
  sites: ["site-a"],
  backend: "s3://state?endpoint=y&region=x",
  stacks: [{ name: "site-a", state: checkpoint(newer) }],
  copies: { folder: "copies/1", manifest },
  copiesAt: "copies",
};
const rules = (facts: Partial<Facts>): readonly string[] => checkState({ ...fine, ...facts }).map(({ rule }) => rule);

describe("the state's check", () => {
  it("finds nothing where all is as the stack files say", () => {
    assert.deepEqual(rules({}), []);
  });

  it("tells everything else, all at once", () => {
    const killed = { ...checkpoint(newer) };
    killed.deployment = {
      ...killed.deployment,
      secrets_providers: { type: "service" },
      pending_operations: [{ type: "creating", resource: { urn: "u", type: "t" } }],
    };
    assert.deepEqual(
      rules({
        backend: "file:///home",
        sites: ["site-a", "site-b"],
        stacks: [{ name: "site-a", state: killed, unreadable: "set the passphrase" }],
        copies: undefined,
      }),
      ["other-backend", "no-stack", "unreadable-stack", "other-secrets-provider", "killed-run", "no-copy"],
    );
  });

  it("finds copies that are older than the state", () => {
    assert.deepEqual(rules({ stacks: [{ name: "site-a", state: checkpoint(older) }] }), ["old-copy"]);
    assert.deepEqual(rules({ copies: { folder: "c", manifest: { ...manifest, stacks: {} } } }), ["old-copy"]);
  });

  it("says what it cannot see, and how to see it", () => {
    assert.match(notSeen(fine).join(), /get-bucket-versioning --bucket state$/);
    const elsewhere = { ...fine, copiesAt: undefined, stated: { ...fine.stated, copyAt: "a disk at site-b" } };
    assert.match(notSeen(elsewhere).join(), /a disk at site-b/);
  });
});

describe("backends", () => {
  it("are the same place whatever the order of their settings", () => {
    assert.ok(samePlace("s3://b?x=1&y=2", "s3://b/?y=2&x=1"));
    assert.ok(!samePlace("s3://b?x=1", "s3://b?x=2"));
    assert.ok(!samePlace("s3://b", "s3://c"));
  });
});

describe("a copy that takes the place of a state", () => {
  const plan = (current: Checkpoint | undefined) => whyNot({ name: "site-a", copy: checkpoint(older), current });

  it("is refused where the state is newer and not empty", () => {
    assert.match(plan(checkpoint(newer)) ?? "", /newer than the copy of 2026-11-20/);
  });

  it("is fine where there is no stack, an empty one, or the same", () => {
    assert.deepEqual([plan(undefined), plan(checkpoint(newer, 0)), plan(checkpoint(older))], Array(3).fill(undefined));
  });
});
