import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderScript } from "@isthmus/remote/script";
import fc from "fast-check";
import type { ClusterAccess } from "../plan/access.ts";
import { serverTokenGeneration, tokenFingerprint, tokenName } from "../plan/fingerprint.ts";
import { planCluster } from "../plan/plan.ts";
import { settingsOf, sixNodes } from "../testing.ts";
import {
  chooseSnapshot,
  chooseToken,
  keptServerTokens,
  parseFingerprints,
  parseSnapshots,
  restoreObstacles,
  snapshotStep,
  snapshotsStep,
  snapshotTokenStep,
} from "./snapshots.ts";

const access = (secrets: Record<string, string>): ClusterAccess => ({ hosts: {}, servers: [], machines: {}, secrets });

describe("snapshots", () => {
  it("takes nothing for one whose name k3s gives to none, whoever wrote it there", () => {
    const at = "2026-11-21T10:00:00Z";
    const lines = [
      "--etcd-s3-endpoint=evil",
      "a b",
      "../../etc/passwd",
      "a?versions",
      "x%2F..",
      ".part",
      "$(reboot)",
      "",
    ];
    assert.deepEqual(parseSnapshots("server-1", lines.map((name) => `${at} ${name}`).join("\n")), []);
    assert.deepEqual(parseSnapshots("server-1", "yesterday daily-server-1-1\n"), []);
    assert.deepEqual(
      parseSnapshots("server-1", "2026-11-21T10:00:00.5012345670Z daily-server-1-1\n").map(({ name }) => name),
      ["daily-server-1-1"],
    );
  });

  it("finds a snapshot by its name, by what it was called, or by its age", () => {
    const found = [
      ...parseSnapshots("server-1", "2026-11-20T10:00:00Z daily-server-1-1\n2026-11-21T10:00:00Z daily-server-1-2\n"),
      ...parseSnapshots("server-2", "2026-11-20T12:00:00Z before-upgrade-server-2-7\n"),
      ...parseSnapshots("server-3", "2026-11-20T09:00:00Z daily-2-server-3-9\n2026-11-19T10:00:00Z old-server-3-3.zip"),
    ];
    const nodes = ["server-1", "server-2", "server-3"];
    const choose = (wanted: string) => chooseSnapshot(found, wanted, nodes);
    assert.deepEqual(choose("latest"), {
      name: "daily-server-1-2",
      madeAt: "2026-11-21T10:00:00Z",
      on: "server-1",
    });
    assert.equal(choose("daily-server-1-1")?.name, "daily-server-1-1");
    assert.equal(choose("daily")?.name, "daily-server-1-2");
    assert.equal(choose("before-upgrade")?.on, "server-2");
    assert.equal(choose("dail"), undefined);
    assert.equal(choose("daily-2")?.on, "server-3");
    assert.equal(choose("old")?.on, "server-3");
    assert.equal(choose("before"), undefined, "it begins so, and is called otherwise");
    assert.equal(chooseSnapshot([], "latest", nodes), undefined);
  });

  it("are asked for where they are kept, and no script gets other secrets than the store's keys", () => {
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
    const plan = planCluster({ name: "site-a", nodes: sixNodes, settings: settingsOf({ snapshots: { s3 } }) });
    const steps = [
      snapshotsStep(plan, "server-1"),
      snapshotStep(plan, "server-1", "keep"),
      snapshotTokenStep(plan, { name: "keep-server-1-1", madeAt: "", on: "server-1" }),
    ];
    for (const { parameters, secretNames } of steps) {
      assert.equal(parameters["S3_BUCKET"], "etcd");
      assert.deepEqual(secretNames, ["S3_ACCESS_KEY", "S3_SECRET_KEY"]);
    }
  });
});

describe("what stands in the way of a restore", () => {
  const planOf = (version: string, store = false) => {
    const s3 = { endpoint: "s3.example.org", bucket: "etcd", folder: "site-a" };
    const settings = settingsOf({ version, ...(store ? { snapshots: { s3 } } : {}) });
    return planCluster({ name: "site-a", nodes: sixNodes, settings });
  };
  const plan = planOf("v1.34.3+k3s1");

  it("is a k3s of a newer minor version than is declared, of any node in it", () => {
    const [said = "", ...others] = restoreObstacles(
      plan,
      "k3s v1.34.9+k3s1\nk3s v1.35.0+k3s1\nk3s v1.9.1+k3s1\n0123456789ab\n",
    );
    assert.deepEqual(others, []);
    assert.match(
      said,
      /^it holds nodes of v1\.35\.0\+k3s1, and v1\.34\.3\+k3s1 is declared.*: set kubernetes\.version to v1\.35\.0\+k3s1/,
    );
  });

  it("is no older one, no newer patch, and none that it does not tell", () => {
    for (const printed of ["k3s v1.34.9+k3s1\n", "k3s v1.33.1+k3s1\n", "", "0123456789ab\nbytes 10\n"]) {
      assert.deepEqual(restoreObstacles(plan, printed), []);
    }
  });

  it("is a disk without room for it, twice where it has to be downloaded", () => {
    const printed = `bytes ${300 * 2 ** 20}\nfree ${600 * 2 ** 20}\n`;
    assert.deepEqual(restoreObstacles(plan, printed), []);
    const [said = ""] = restoreObstacles(planOf("v1.34.3+k3s1", true), printed);
    assert.match(said, /^it needs 856 MiB below \/var\/lib\/rancher there, and 600 MiB are free: make room/);
    assert.equal(restoreObstacles(plan, `bytes ${400 * 2 ** 20}\nfree ${600 * 2 ** 20}\n`).length, 1);
  });

  it("is read from what a node's object looks like in etcd, and from the size of the file", () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-"));
    mkdirSync(join(folder, "server/db/snapshots"), { recursive: true });
    const node = Buffer.concat([
      Buffer.from("\0\xffcontainerd://2.1.5\x3a\x0cv1.34.3+k3s1\x42\0\x4a\x05linux", "latin1"),
      Buffer.from("a plan names v1.99.0+k3s1 and no node has it /bootstrap/0123456789ab"),
    ]);
    writeFileSync(join(folder, "server/db/snapshots/daily"), node);
    const [call] = [snapshotTokenStep(plan, { name: "daily", madeAt: "", on: "server-1" })];
    const text = `ISTHMUS_HOST=server-1\n` + renderScript({ ...call, host: "server-1", user: "root", secretNames: [] });
    const printed = spawnSync("bash", ["-c", text.replaceAll("/var/lib/rancher/k3s", folder)], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    const [bytes, free = "", ...facts] = printed.stdout.trim().split("\n");
    assert.deepEqual([bytes, ...facts], [`bytes ${node.length}`, "0123456789ab", "k3s v1.34.3+k3s1"], printed.stderr);
    assert.match(free, /^free [1-9]\d+$/);
  });
});

describe("the token of a snapshot", () => {
  it("has the fingerprint that k3s calls it by", () => {
    assert.equal(tokenFingerprint("secret"), createHash("sha256").update("secret").digest("hex").slice(0, 12));
    assert.deepEqual(parseFingerprints("0123456789ab\nnonsense\nba9876543210\n"), ["0123456789ab", "ba9876543210"]);
  });

  it("is the newest kept one that it knows, for what was rotated away lingers in it", () => {
    const generations = fc.array(fc.string({ minLength: 8 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(generations, fc.nat(), fc.nat(), (made, at, from) => {
        const tokens = [...new Set(made)];
        const takenAt = at % tokens.length;
        const keptFrom = from % tokens.length;
        const known = tokens.slice(0, takenAt + 1).map(tokenFingerprint);
        const kept = tokens.slice(keptFrom).reverse();
        assert.equal(chooseToken(kept, known), keptFrom <= takenAt ? tokens[takenAt] : undefined);
      }),
    );
  });

  it("is that of today where the snapshot does not tell", () => {
    assert.equal(chooseToken(["today", "before"], []), "today");
  });

  it("comes from what the stack gives out, also of a time without rotations", () => {
    assert.deepEqual(keptServerTokens(access({ SERVER_TOKEN: "c", OLDER_TOKENS: "b\na" })), ["c", "b", "a"]);
    assert.deepEqual(keptServerTokens(access({ SERVER_TOKEN: "a", OLDER_TOKENS: "" })), ["a"]);
    assert.deepEqual(keptServerTokens(access({ SERVER_TOKEN: "a" })), ["a"]);
  });

  it("is made by a resource whose name tells its generation", () => {
    for (const generation of [1, 2, 13]) {
      assert.equal(serverTokenGeneration(tokenName("site-a-k3s", "server", generation)), generation);
      assert.equal(serverTokenGeneration(tokenName("site-a-k3s", "agent", generation)), undefined);
    }
    assert.equal(tokenName("site-a-k3s", "server", 1), "site-a-k3s-server-token");
  });
});
