import assert from "node:assert/strict";
import { getAt, referencesIn } from "@isthmus/core";
import { renderService } from "../../../../tests/kits/proofs/chart-values.ts";
import { itFits } from "../../../../tests/kits/proofs/service-proof.ts";
import { contextOf, siteFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { minio } from "./definition.ts";

const place = { reach: { network: "overlay", port: 30010 }, hostName: "s3.site-a.home.arpa" };
const contextWith = (args: object = {}) => contextOf(minio, { args: { ...place, ...args } });
const serverOf = (args: object = {}) => minio.footprint(contextWith(args)).workloads[0]!;

describe("minio", () => {
  itFits(minio, {
    "as it comes": () => contextWith(),
    "drives of the nodes": () => contextWith({ members: 3, drivesPerMember: 4, parity: 4, drives: "local-path" }),
    "an address of its own": () => contextWith({ reach: { pool: "private", address: "10.0.20.212" } }),
    "no other site": () => contextOf(minio, { args: place, site: siteFacts({ peers: [] }) }),
  });

  it("is reached at a port of the nodes, by a name that its certificate has", () => {
    const { releases, objects } = renderService(minio, contextWith());
    const service = { type: "NodePort", nodePort: 30010, annotations: {}, port: "9000" };
    assert.deepEqual(getAt(releases[0]!.values, "service"), service);
    const certificate = objects.find(({ plan }) => plan.id === "certificate")?.manifest;
    assert.ok((getAt(certificate, "spec.dnsNames") as string[]).includes(place.hostName));
    assert.deepEqual(getAt(certificate, "spec.ipAddresses"), []);
  });

  it("refuses one set over two sites, with the arithmetic and what holds instead", () => {
    const [finding] = minio.check!(
      contextWith({ members: { "site-a": 2, "site-b": 2 }, drivesPerMember: 1, parity: 2 }),
    );
    assert.equal(finding?.at, "Pulumi.site-a.yaml#/services/minio/members");
    assert.match(finding.problem, /EC:2 on 4 drives reads with 2 and writes with 3/);
    assert.match(finding.problem, /site-a lost leaves 2: read-only, deletes fail too/);
    assert.match(finding.fix, /members: 4.* offsite/);
  });

  it("says what a lopsided set would lose", () => {
    const [finding] = minio.check!(
      contextWith({ members: { "site-a": 3, "site-b": 1 }, drivesPerMember: 1, parity: 1 }),
    );
    assert.match(finding!.problem, /site-a lost leaves 1: all data is out of reach; site-b lost leaves 3: it goes on/);
  });

  it("refuses sets that MinIO would not build", () => {
    const rules = (args: object) => minio.check!(contextWith(args)).map(({ rule }) => rule);
    assert.deepEqual(rules({ members: 3, drivesPerMember: 1 }), ["erasure-set-size"]);
    assert.deepEqual(rules({ members: 5, drivesPerMember: 4 }), ["erasure-set-size"]);
    assert.deepEqual(rules({ members: 4, drivesPerMember: 1, parity: 3 }), ["erasure-set-parity"]);
    assert.deepEqual(rules({}), []);
  });

  it("has a certificate of every name by which its servers and jobs call it", () => {
    const certificate = renderService(minio, contextWith({ members: 4 })).objects.find(
      ({ manifest }) => manifest.kind === "Certificate",
    );
    const names = getAt(certificate!.manifest, "spec.dnsNames") as string[];
    // As chart 5.4.0 writes them: https://github.com/minio/minio/blob/master/helm/minio/templates/statefulset.yaml
    for (const index of [0, 1, 2, 3]) assert.ok(names.includes(`minio-${index}.minio-svc.minio.svc`), String(index));
    // MINIO_ENDPOINT of the post job: https://github.com/minio/minio/blob/master/helm/minio/templates/post-job.yaml
    assert.ok(names.includes("minio"));
    assert.ok(names.includes("s3.site-a.home.arpa"));
    assert.deepEqual(getAt(certificate!.manifest, "spec.ipAddresses"), []);
  });

  it("starts servers again with another root password, and sets another password of an account", () => {
    const [release] = renderService(minio, contextWith()).releases;
    const part = "fingerprint";
    assert.deepEqual(getAt(release!.values, "podAnnotations"), {
      "isthmus.dev/root": { $generated: "minio-root", part },
    });
    assert.deepEqual(getAt(release!.values, "postJob.podAnnotations"), {
      "isthmus.dev/minio-account-site-b": { $generated: "minio-account-site-b", part },
    });
    const command = getAt(release!.values, "makeUserJob.exitCommand") as string;
    assert.match(
      command,
      /echo backups-site-b; cat \/config\/secrets\/minio-account-site-b\/secretKey;.*mc .*admin user add myminio$/,
    );
    // The chart puts it within double quotes of YAML: https://github.com/minio/minio/blob/master/helm/minio/templates/post-job.yaml
    assert.doesNotMatch(command, /["\\]/);
  });

  it("states the set's real arithmetic", () => {
    const four = serverOf({ members: 4, drivesPerMember: 1 });
    assert.deepEqual(
      [four.reads, four.writes].map((one) => one.kind === "atLeast" && one.members),
      [2, 3],
    );
    const usual = serverOf();
    assert.deepEqual(
      [usual.reads, usual.writes].map((one) => one.kind === "atLeast" && one.members),
      [2, 2],
    );
  });

  it("keeps servers apart by rule only where there are as many nodes", () => {
    const apart = (args: object) => serverOf(args).runsOn.spread.find(({ over }) => over === "node")?.required;
    assert.equal(apart({ members: 3 }), true);
    assert.equal(apart({ members: 4 }), false);
  });

  it("keeps backups out of the backups, which would grow without end", () => {
    const volumes = {
      storageClass: "usual",
      withoutBackup: "no-backup",
      replicas: 3,
      moves: "site",
      freedFromDeadNode: true,
      architectures: [],
    } as const;
    const context = contextOf(minio, { args: place, facts: { volumes } });
    assert.equal(minio.footprint(context).workloads[0]!.stores?.storageClass, "no-backup");
  });

  it("stands on volumes with one copy, which go with their node, unless it is told to keep what it has", () => {
    const volumes = {
      storageClass: "usual",
      withoutBackup: "no-backup",
      onNode: "one-copy",
      replicas: 3,
      moves: "site",
      freedFromDeadNode: true,
      architectures: [],
    } as const;
    const drive = (args: object) =>
      minio.footprint(contextOf(minio, { args: { ...place, ...args }, facts: { volumes } })).workloads[0]?.stores;
    const told = (args: object) => [drive(args)?.storageClass, drive(args)?.moves, drive(args)?.volumes];
    assert.deepEqual(told({}), ["one-copy", "nowhere", 2]);
    assert.deepEqual(told({ drives: "volumes", drivesPerMember: 4 }), ["no-backup", "site", 4]);
  });

  it("takes k3s' own storage only where k3s brings it", () => {
    const problems = (localStorage: boolean) => {
      const site = siteFacts({ kubernetes: { ...siteFacts().kubernetes, localStorage } });
      return minio.check!(contextOf(minio, { args: { ...place, drives: "local-path" }, site })).map(({ at }) => at);
    };
    assert.deepEqual(problems(true), []);
    assert.deepEqual(problems(false), ["Pulumi.site-a.yaml#/services/minio/drives"]);
  });

  it("gives each other site an account that reaches its bucket alone and deletes no version", () => {
    const [release] = renderService(minio, contextWith()).releases;
    const policy = JSON.stringify(getAt(release!.values, "policies"));
    assert.match(policy, /arn:aws:s3:::backups-site-b\/\*/);
    assert.doesNotMatch(policy, /s3:\*|"\*"/);
    // Not to allow it is not enough: tests/services/minio.test.ts shows what the real one makes of it.
    const [{ statements }] = getAt(release!.values, "policies") as [{ statements: readonly unknown[] }];
    assert.deepEqual(statements.at(-1), {
      effect: "Deny",
      resources: ["arn:aws:s3:::backups-site-b/*"],
      actions: ["s3:DeleteObjectVersion"],
    });
    assert.equal(JSON.stringify(getAt(release!.values, "users")).includes("console"), false);
    assert.deepEqual(getAt(release!.values, "buckets.0.versioning"), true);
    assert.deepEqual(getAt(release!.values, "buckets.0.objectlocking"), true);
  });

  it("exports what the other site's backups need, the key as a reference", () => {
    const { objectStore } = minio.exports!(contextWith());
    assert.equal(objectStore?.endpoint, "https://s3.site-a.home.arpa:30010");
    assert.deepEqual(objectStore.accounts["site-b"], {
      bucket: "backups-site-b",
      accessKey: "backups-site-b",
      secretKey: { $generated: "minio-account-site-b", part: "password" },
    });
    const made = minio.generates!(contextWith()).map(({ name }) => name);
    const used = referencesIn(renderService(minio, contextWith()).objects.map(({ manifest }) => manifest));
    for (const reference of used)
      if ("$generated" in reference && reference.part === "password") assert.ok(made.includes(reference.$generated));
  });
});
