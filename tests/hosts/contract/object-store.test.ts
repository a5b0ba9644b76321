/**
 * What snapshots in an object store, and Secrets that are encrypted, rely on. As the contract suite, it runs unchanged
 * against a real k3s.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { inOrder } from "../../kits/in-order.ts";
import { requireHosts } from "../../kits/lab/hosts.ts";
import type { Host, Ran } from "../../kits/lab/hosts.ts";
import { ObjectStore } from "../../kits/site/object-store.ts";
import { k3sUnderTest } from "../../kits/k3s/k3s.ts";
import { TestCluster } from "./cluster.ts";
import { Transcripts } from "./transcripts.ts";

const snapshots = "/var/lib/rancher/k3s/server/db/snapshots";
const folder = "site";

describe("the contract of k3s: snapshots in an object store, Secrets encrypted", function () {
  this.timeout(900_000);
  inOrder(this); // each step needs the one before
  const store = new ObjectStore();
  let cluster: TestCluster;
  let transcripts: Transcripts;
  let s1: Host;

  before(async function () {
    requireHosts(this);
    const k3s = await k3sUnderTest();
    transcripts = new Transcripts(k3s);
    cluster = await TestCluster.create(k3s, ["s1", "spare"]);
    s1 = cluster.host("s1");
    await store.start(cluster.lab.network.address(1));
    await cluster.join("s1", "server", config());
  });
  after(async () => {
    await (cluster as TestCluster | undefined)?.lab.destroy();
    await store.destroy();
    (transcripts as Transcripts | undefined)?.report();
  });

  const config = (changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
    "cluster-init": true,
    "secrets-encryption": true,
    "etcd-s3": true,
    "etcd-s3-endpoint": store.endpoint,
    "etcd-s3-bucket": store.bucket,
    "etcd-s3-folder": folder,
    "etcd-s3-skip-ssl-verify": true,
    "etcd-s3-retention": 2,
    "etcd-s3-access-key": store.keys.accessKey,
    "etcd-s3-secret-key": store.keys.secretKey,
    ...changes,
  });

  /** Names are made of seconds. */
  async function save(name: string, on = s1): Promise<Ran> {
    await sleep(1_100);
    return await on.run(`k3s etcd-snapshot save --name ${name}`, { timeoutMs: cluster.patience });
  }

  it("tells that Secrets are encrypted: to who asks, on the disk, and on its Node", async () => {
    transcripts.check("encryption-enabled", await s1.ok("k3s secrets-encrypt status 2>/dev/null"));
    assert.equal(await s1.ok("stat -c %a /var/lib/rancher/k3s/server/cred/encryption-config.json"), "600\n");
    const hash = await cluster.kubectl(
      "get node s1 -o 'jsonpath={.metadata.annotations.k3s\\.io/encryption-config-hash}'",
    );
    assert.match(hash.stdout, /^start-[0-9a-f]{64}$/);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "kept", namespace: "default" } };
    const data = { word: Buffer.from("kept-in-etcd").toString("base64") };
    await s1.ok("k3s kubectl apply -f -", { stdin: JSON.stringify({ ...secret, data }) });
  });

  it("puts a snapshot there and keeps it on the disk, too; lists both", async () => {
    const saved = await save("kept");
    assert.equal(saved.code, 0, saved.stderr);
    const [name = "", ...more] = store.names(folder);
    assert.deepEqual(more, []);
    assert.match(name, /^kept-s1-\d+$/);
    await s1.ok(`test -s ${snapshots}/${name}`);
    const table = await s1.ok("k3s etcd-snapshot ls 2>/dev/null");
    for (const where of [`file://${snapshots}/${name}`, `s3://${store.bucket}/${folder}/${name}`]) {
      assert.match(table, new RegExp(`^${name} +${where} +\\d+ `, "m"));
    }
  });

  it("takes older ones of that name away there, when it saves, and none on the disk; deletes in both", async () => {
    for (const name of Array<string>(3).fill("often")) assert.equal((await save(name)).code, 0);
    const [older = "", newer = "", ...more] = store.names(folder).filter((name) => name.startsWith("often-"));
    assert.deepEqual(more, []);
    assert.equal((await s1.ok(`ls -d ${snapshots}/often-*`)).trim().split("\n").length, 3);
    await s1.ok(`k3s etcd-snapshot delete ${older}`);
    assert.deepEqual(
      store.names(folder).filter((name) => name.startsWith("often-")),
      [newer],
    );
    assert.notEqual((await s1.run(`test -e ${snapshots}/${older}`)).code, 0);
  });

  it("calls one saved that could not be uploaded", async () => {
    store.readOnly = true;
    const saved = await save("lost");
    store.readOnly = false;
    assert.equal(saved.code, 0, saved.stderr);
    assert.match(saved.stderr, /Snapshot lost-s1-\d+ saved\./);
    assert.doesNotMatch(saved.stdout + saved.stderr, /upload|level=error/);
    assert.ok(!store.names(folder).some((name) => name.startsWith("lost-")));
  });

  it("saves nothing where the store does not take its keys", async () => {
    await cluster.install("s1", "server", config({ "etcd-s3-secret-key": "wrong" }));
    const refused = await save("unsigned");
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.stdout + refused.stderr,
      /failed to initialize S3 client: failed to test for existence of bucket/,
    );
    assert.notEqual((await s1.run(`ls -d ${snapshots}/unsigned-*`)).code, 0);
    await cluster.install("s1", "server", config());
  });

  it("is restored from there onto another machine, by its token alone; what was encrypted can be read there", async () => {
    const name = store.names(folder).find((one) => one.startsWith("kept-")) ?? "";
    await s1.powerOff();
    const spare = cluster.host("spare");
    const reset = (more = ""): Promise<Ran> =>
      spare.run(`k3s server --cluster-reset --cluster-reset-restore-path=${name} ${more}`, {
        timeoutMs: cluster.patience,
      });
    await cluster.install("spare", "server", config());
    const refused = await reset("--token=another");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /encrypted with different token/);
    const done = await reset();
    assert.equal(done.code, 0, done.stderr);
    await spare.ok("systemctl start k3s");
    await cluster.joined("spare", "server", "spare");
    const word = await cluster.kubectl("get secret kept -o 'jsonpath={.data.word}'", "spare");
    assert.equal(Buffer.from(word.stdout, "base64").toString(), "kept-in-etcd");
    assert.equal((await cluster.members("spare")).length, 1);
  });
});
