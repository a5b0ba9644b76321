/** Snapshots in an object store: by schedule and on demand, over rotations of the token, and onto other machines. */
import assert from "node:assert/strict";

import { clusterUpkeep, keptServerTokens, tokenFingerprint, type ClusterUpkeep } from "@isthmus/k3s";
import { changed } from "../../kits/engine/harness.ts";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { restoreCluster } from "../../../cli/lib/cluster/restore.ts";
import { findSnapshot, takeSnapshot } from "../../../cli/lib/cluster/snapshots.ts";
import { until } from "../../kits/lab/hosts.ts";
import { aServer, assertConverged, starts, write, written } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { goneTooEarly, often, seldom } from "./taken-snapshots.ts";
import { ObjectStore } from "../../kits/site/object-store.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { clusterName, TestSite, versions } from "../../kits/site/test-site.ts";

const folder = "clusters/site-a";
const quietly = (): undefined => undefined;

describe("a cluster that keeps its snapshots in an object store", function () {
  this.timeout(300_000);
  let site: TestSite;
  let store: ObjectStore;

  before(async function () {
    requireScenarios(this);
    store = new ObjectStore();
    site = await TestSite.create({
      nodes: ["server-1", "server-2", "server-3", "agent-1"],
      pace: { K3S_STANDIN_MINUTE: 2 },
    });
    await store.start(site.lab.network.address(1));
    site.file = { ...site.file, snapshotKeys: store.keys };
    site.set({ waitSeconds: 60, snapshots: snapshots(seldom) });
    await site.goesUp();
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
    await (store as ObjectStore | undefined)?.destroy();
  });

  const snapshots = (schedule: string) => ({
    schedule,
    retention: 2,
    s3: { endpoint: store.endpoint, bucket: store.bucket, folder, retention: 4, ca: store.authority },
  });

  it("was written to by every server when it came up, which leaves nothing there, and a second run asks nobody", async () => {
    const { stores } = await upkeep();
    const inOrder = { asked: 1, found: "in order" };
    assert.deepEqual(stores, { "server-1": inOrder, "server-2": inOrder, "server-3": inOrder });
    assert.deepEqual(store.names(`${folder}/.metadata`), []);
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("refuses keys that it does not take when they are declared, and changes nothing else by them", async () => {
    const before = await starts(site);
    store.readOnly = true;
    const said = await site.up({ replace: `**::${clusterName}-snapshot-store-server-2` });
    store.readOnly = false;
    assert.notEqual(said.exitCode, 0);
    assert.match(
      said.text,
      /\[server-2\] because: the object store .*, at write: these keys may not do it \(HTTP 403\)/,
    );
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("may be away: what else is to be done is done, it is said, and each later run asks until it answers", async () => {
    await store.stop();
    const probe = `${clusterName}-snapshot-store-server-2`;
    const away = await site.goesUp({ replace: `**::${probe}` });
    assert.match(away.text, /server-2 and the object store of its snapshots: away: .* at write: curl: \(7\)/);
    const still = await site.goesUp();
    assert.deepEqual(
      changed(still.done).map(({ name }) => name),
      [probe],
    );
    await store.start();
    assert.deepEqual(
      changed((await site.goesUp()).done).map(({ name }) => name),
      [probe],
    );
    assert.deepEqual((await upkeep()).stores["server-2"], { asked: 3, found: "in order" });
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("puts a snapshot there, with the token's fingerprint in it and no token", async () => {
    await write(aServer(site), "first");
    const taken = await takeSnapshot(await deployed(site), "keep");
    assert.deepEqual(store.names(folder), [taken]);
    const [token = ""] = keptServerTokens((await deployed(site)).access);
    const holds = async (text: string): Promise<boolean> => {
      const found = await aServer(site).run(`grep -qaF '${text}' /var/lib/rancher/k3s/server/db/snapshots/${taken}`);
      return found.code === 0;
    };
    assert.equal(await holds(`/bootstrap/${tokenFingerprint(token)}`), true);
    assert.equal(await holds(token), false);
  });

  it("says why where the store is away, or its keys or its bucket are wrong, and changes nothing", async () => {
    const cluster = await deployed(site);
    const before = await starts(site);
    const access = { ...cluster.access, secrets: { ...cluster.access.secrets, S3_SECRET_KEY: "another-secret-key" } };
    await assert.rejects(
      findSnapshot({ ...cluster, access }, "latest"),
      /refuses these keys .*see that the stack's keys/s,
    );
    const { settings } = cluster.plan;
    const declared = { ...snapshots(seldom).s3, region: "us-east-1" };
    const asked = async (s3: typeof settings.snapshots.s3): Promise<unknown> => {
      const plan = { ...cluster.plan, settings: { ...settings, snapshots: { ...settings.snapshots, s3 } } };
      return await findSnapshot({ ...cluster, plan }, "latest");
    };
    await assert.rejects(asked({ ...declared, bucket: "no-such-bucket" }), /no such bucket or snapshot/);
    await assert.rejects(
      asked({ ...declared, ca: undefined }),
      /the certificate of the object store .* is not trusted .*as snapshots\.s3\.ca/s,
    );

    await store.stop();
    await assert.rejects(findSnapshot(cluster, "latest"), /the object store .* does not answer: curl: \(7\)/);
    await assert.rejects(takeSnapshot(cluster, "while-away"), /failed to initialize S3 client.*k3s took no snapshot/s);
    await store.start();
    assert.equal((await findSnapshot(cluster, "latest")).name, store.names(folder)[0]);
    assert.deepEqual(await starts(site), before);
  });

  it("rotates the token, also over a kill and a power cut right after it, and keeps the one from before", async () => {
    const [old = ""] = keptServerTokens((await deployed(site)).access);
    site.set({ tokens: { generation: 2 } });
    const kill = { method: "create", name: `${clusterName}-token-rotation`, nth: 1, when: "after" } as const;
    assert.equal((await site.up({ kill })).killed, true);
    // Some snapshots are of the new token from now on: the state has it, the stack's outputs do not.
    const [today = "", ...older] = keptServerTokens((await deployed(site)).access);
    assert.deepEqual(older, [old]);
    // No server was started with it yet. Each of them takes it by itself.
    await Promise.all(site.lab.hosts.map((host) => host.powerOff()));
    await Promise.all(site.lab.hosts.map((host) => host.powerOn()));
    await until(
      "the cluster is back",
      async () => {
        const asked = await aServer(site).run("k3s kubectl --request-timeout=5s get --raw /readyz");
        return asked.stdout === "ok";
      },
      { timeoutMs: 90_000 },
    );
    assert.equal(await bootstrapAnswer(old), "401");
    assert.equal(await bootstrapAnswer(today), "200");

    const before = await starts(site);
    await site.goesUp();
    await assertConverged(site);
    const after = await starts(site);
    for (const { name } of site.file.nodes) assert.equal(after[name], (before[name] ?? 0) + 1, name);
    assert.deepEqual(keptServerTokens((await deployed(site)).access), [today, old]);
    assert.equal(await bootstrapAnswer(old), "401");
    assert.equal(await bootstrapAnswer(today), "200");
    assert.equal(store.names(folder).filter((name) => name.startsWith("token-rotation-")).length, 1);
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("comes back on other machines with other addresses, when all were lost", async () => {
    await write(aServer(site), "second");
    const taken = await takeSnapshot(await deployed(site), "last");
    await write(aServer(site), "after-the-last-snapshot");
    const tokens = keptServerTokens((await deployed(site)).access);
    await Promise.all(site.file.nodes.map(({ name }) => site.replace(name, { newAddress: true })));
    assert.match(
      await site.refuses(),
      /this cluster existed before, and none of its servers answers.*npm run restore/s,
    );

    const cluster = await deployed(site);
    const snapshot = await findSnapshot(cluster, "latest");
    assert.equal(snapshot.name, taken);
    await restoreCluster(cluster, { snapshot, attempt: "lost", say: quietly });
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await written(aServer(site)), ["first", "second"]);
    assert.deepEqual(keptServerTokens((await deployed(site)).access), tokens);
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("goes back to a snapshot from before the rotation, and has the token of today afterwards", async () => {
    const cluster = await deployed(site);
    await restoreCluster(cluster, { snapshot: await findSnapshot(cluster, "keep"), attempt: "old", say: quietly });
    await assertConverged(site);
    assert.deepEqual(await written(site.host("server-2")), ["first"]);
    const [today = "", old = ""] = keptServerTokens(cluster.access);
    assert.equal(await bootstrapAnswer(old), "401");
    assert.equal(await bootstrapAnswer(today), "200");
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  it("lets go of an old token only when a person does, and then refuses its snapshots before anything is stopped", async () => {
    site.set({ tokens: { generation: 2, keepFrom: 2 } });
    assert.match(await site.refuses(), /site-a-k3s-server-token.*protected/s);
    assert.equal(keptServerTokens((await deployed(site)).access).length, 2);
    await site.unprotect(`${clusterName}-server-token`);
    await site.goesUp();
    const before = await starts(site);
    const cluster = await deployed(site);
    const restore = { snapshot: await findSnapshot(cluster, "keep"), attempt: "too late", say: quietly };
    await assert.rejects(
      restoreCluster(cluster, restore),
      /keep-.* was taken with a server token that the stack does not keep\. Nothing was changed/,
    );
    assert.deepEqual(await starts(site), before);
    await assertConverged(site);
  });

  it("takes snapshots by schedule, and keeps as many on each disk and in the store as declared", async () => {
    site.set({ snapshots: snapshots(often) });
    await site.goesUp();
    const ofSchedule = (names: readonly string[]) => names.filter((name) => name.startsWith("etcd-snapshot-"));
    const seen = new Set<string>();
    await until(
      "more were taken than are kept",
      () => {
        for (const name of ofSchedule(store.names(folder))) seen.add(name);
        return Promise.resolve(seen.size >= 9);
      },
      { timeoutMs: 90_000 },
    );
    // One too many is there between its being taken and the next being let go of.
    let kept: readonly string[] = [];
    await until("the store has four", () => {
      kept = ofSchedule(store.names(folder));
      return Promise.resolve(kept.length === 4);
    });
    assert.deepEqual(goneTooEarly(seen, kept), []);
    for (const server of ["server-1", "server-2", "server-3"]) {
      await until(`${server} has two`, async () => {
        const listed = await site.host(server).ok("ls /var/lib/rancher/k3s/server/db/snapshots");
        return ofSchedule(listed.split("\n")).length === 2;
      });
    }
    // Those on demand have other names, and stay.
    assert.ok(store.names(folder).some((name) => name.startsWith("keep-")));
  });

  it("tells by `status` that k3s cannot bring a snapshot to the store, and why, until it can again", async () => {
    const drift = async (): Promise<string> =>
      (await lookAtCluster(await deployed(site))).nodes.flatMap((node) => node.drift).join("\n");
    site.set({ snapshots: snapshots(often) });
    await site.goesUp();
    await until("all have one in the store", async () => {
      const { nodes } = await lookAtCluster(await deployed(site));
      return nodes.every(({ role, snapshots: ages }) => role === "agent" || typeof ages?.store === "number");
    });
    assert.equal(await drift(), "");
    const [{ snapshots: ages } = {}] = (await lookAtCluster(await deployed(site))).nodes;
    assert.ok((ages?.disk ?? Infinity) < 120 && (ages?.store ?? Infinity) < 120);
    await store.stop();
    const said =
      /snapshot etcd-snapshot-server-\d-\d+ could not be brought to the object store, 0 min ago: .*failed to test for existence of bucket/;
    await until("it is told", async () => said.test(await drift()), { timeoutMs: 60_000 });
    await store.start();
    await until("it was made good", async () => (await drift()) === "", { timeoutMs: 60_000 });
  });

  it("lets go of what upgrades took before, but for the last three, on the disk and in the store", async () => {
    if (!site.has(versions.next)) return;
    site.set({ snapshots: snapshots(seldom) });
    await site.goesUp();
    const server = site.host("server-1");
    for (const version of ["v1.30.1-k3s1", "v1.31.1-k3s1", "v1.32.1-k3s1"]) {
      await server.ok(`k3s etcd-snapshot save --name before-${version}`);
    }
    await server.ok("k3s etcd-snapshot save --name before-the-move");
    site.version(versions.next);
    await site.goesUp();
    const kept = [
      /^before-the-move-/,
      /^before-v1\.31\.1-k3s1-/,
      /^before-v1\.32\.1-k3s1-/,
      new RegExp(`^before-${versions.next.replace("+", "-")}-`),
    ];
    const onDisk = (await server.ok("ls /var/lib/rancher/k3s/server/db/snapshots")).trim().split("\n");
    for (const names of [onDisk, store.names(folder)]) {
      const ofUpgrades = names.filter((name) => name.startsWith("before-")).sort();
      assert.equal(ofUpgrades.length, kept.length, ofUpgrades.join(", "));
      for (const [index, form] of kept.entries()) assert.match(ofUpgrades[index] ?? "", form);
    }
    assert.deepEqual(changed((await site.goesUp()).done), []);
  });

  async function upkeep(): Promise<ClusterUpkeep> {
    return clusterUpkeep.parse((await site.stack.outputs({ secrets: false }))["clusterUpkeep"]);
  }

  /** What a server that wants to join with this token is answered when it asks for what servers share. */
  async function bootstrapAnswer(token: string): Promise<string> {
    const ask = "curl -sk -o /dev/null -w '%{http_code}' -K - https://127.0.0.1:6443/v1-k3s/server-bootstrap";
    return await aServer(site).ok(ask, { stdin: `user = "server:${token}"` });
  }
});
