/** The life of a cluster, day by day, in one story: each test begins where the one before ended. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { changed } from "../../kits/engine/harness.ts";
import type { Host } from "../../kits/lab/hosts.ts";
import { aServer, assertConverged, members, node, starts, write, written } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { clusterName, TestSite, versions } from "../../kits/site/test-site.ts";

describe("a cluster of three servers and three agents", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: ["server-1", "server-2", "server-3", "agent-1", "agent-2", "agent-3"],
      // A node that died is Ready for long yet, as with a real one (40 s); here for longer than the slowest run takes to look.
      pace: { K3S_STANDIN_NODE_GRACE: 180 },
    });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("goes up: every server a voter, every node Ready, each started once", async () => {
    await site.goesUp();
    await assertConverged(site);
    const once = Object.fromEntries(site.file.nodes.map(({ name }) => [name, 1]));
    assert.deepEqual(await starts(site), once);
  });

  it("opens no session and starts nothing on an `up` without a change", async () => {
    const run = await site.goesUp();
    assert.deepEqual(changed(run.done), []);
    assert.deepEqual(run.sessions, []);
    const once = Object.fromEntries(site.file.nodes.map(({ name }) => [name, 1]));
    assert.deepEqual(await starts(site), once);
  });

  it("keeps labels and taints, those that go included, and leaves what others set", async () => {
    const before = await starts(site);
    await aServer(site).ok("k3s kubectl label node agent-1 by-hand=yes");
    site.edit("agent-1", {
      labels: { disk: "ssd" },
      taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }],
    });
    await site.goesUp();
    const one = await node(site, "agent-1");
    assert.equal(one.metadata.labels["disk"], "ssd");
    assert.equal(one.metadata.labels["by-hand"], "yes");
    assert.equal(one.metadata.labels["topology.kubernetes.io/zone"], undefined);
    assert.deepEqual(one.spec.taints, [{ key: "gpu", value: "yes", effect: "NoSchedule" }]);

    site.edit("agent-1", { labels: {}, taints: [] });
    await site.goesUp();
    const other = await node(site, "agent-1");
    assert.equal(other.metadata.labels["disk"], undefined);
    assert.equal(other.metadata.labels["by-hand"], "yes");
    assert.equal(other.spec.taints, undefined);
    assert.deepEqual(await starts(site), before);
  });

  it("takes a change of configuration one server at a time, and keeps what was written", async () => {
    const before = await starts(site);
    await write(aServer(site), "before-the-change");
    const watch = watchReadyServers(site);
    site.set({ kubeletArguments: ["max-pods=99"] });
    const run = await site.goesUp();
    assert.ok((await watch.stop()) >= 2, "a majority answered all the time");
    await assertConverged(site);
    const expected = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1]));
    assert.deepEqual(await starts(site), expected);
    assert.deepEqual(
      run.sessions.filter(({ script }) => script === "install-server.sh").map(({ host }) => host),
      ["server-1", "server-2", "server-3"].map((name) => site.host(name).address),
    );
    assert.deepEqual(await written(aServer(site)), ["before-the-change"]);
  });

  it("refuses to skip a minor version, and changes nothing", async () => {
    const before = await starts(site);
    site.version(versions.skipping);
    assert.match(await site.refuses(), /v1\.36\.0\+k3s1 skips a minor version: v1\.34\.3\+k3s1 runs here/);
    assert.deepEqual(await starts(site), before);
  });

  it("upgrades servers one by one, then agents", async function () {
    if (!site.has(versions.next)) this.skip();
    const before = await starts(site);
    site.version(versions.next);
    const run = await site.goesUp();
    await assertConverged(site);
    const expected = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1]));
    assert.deepEqual(await starts(site), expected);
    const installs = run.sessions.filter(({ script }) => script.startsWith("install-"));
    assert.deepEqual(
      installs.map(({ script }) => script),
      [...Array<string>(3).fill("install-server.sh"), ...Array<string>(3).fill("install-agent.sh")],
    );
  });

  it("refuses to go back, and changes nothing", async function () {
    if (!site.has(versions.next)) this.skip();
    const before = await starts(site);
    site.version(versions.first);
    assert.match(await site.refuses(), /v1\.35\.1\+k3s1 runs here, and v1\.34\.3\+k3s1 is older/);
    assert.deepEqual(await starts(site), before);
    site.version(versions.next);
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
  });

  it("removes an agent: drained and forgotten before its machine goes, no other machine is asked", async () => {
    const before = await starts(site);
    site.remove("agent-3");
    const run = await site.goesUp();
    await assertConverged(site);
    // Nothing but one server is talked to.
    assert.deepEqual([...new Set(run.sessions.map(({ host }) => host))], ["any"]);
    const names = changed(run.done).map(({ name, op }) => `${op} ${name}`);
    assert.ok(
      names.indexOf(`update ${clusterName}-membership`) < names.indexOf(`delete ${clusterName}-agent-3`),
      names.join("\n"),
    );
    const secrets = await aServer(site).ok("k3s kubectl -n kube-system get secrets -o name");
    assert.doesNotMatch(secrets, /agent-3\.node-password/);
    assert.deepEqual(await starts(site), before);
  });

  it("removes an agent whose machine is dead", async () => {
    await site.host("agent-2").powerOff();
    site.remove("agent-2");
    await site.goesUp();
    await assertConverged(site);
  });

  it("replaces the first server: the new machine joins the others, and no second cluster comes about", async () => {
    await write(aServer(site, "server-1"), "before-the-loss");
    const before = await starts(site);
    await site.replace("server-1");
    const run = await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await members(site.host("server-1")), await members(site.host("server-3")));
    assert.deepEqual(await written(site.host("server-1")), ["before-the-change", "before-the-loss"]);
    const after = await starts(site);
    assert.equal(after["server-1"], 1);
    for (const name of ["server-2", "server-3", "agent-1"]) assert.equal(after[name], before[name], name);
    assert.ok(!run.sessions.some(({ host }) => host === site.host("agent-1").address), "the agent is left alone");
  });

  it("refuses to remove a server while another one is dead, as the majority would go; then goes on", async () => {
    const declared = site.file;
    await site.host("server-2").powerOff();
    site.remove("server-3");
    assert.match(await site.refuses(), /without server-3, 1 of 2 etcd voters would be well: no majority/);
    assert.deepEqual(await members(aServer(site, "server-2")), ["server-1", "server-2", "server-3"]);
    site.file = declared;
    await site.host("server-2").powerOn();
  });

  it("removes a server that is dead for good", async () => {
    await site.goesUp();
    // It is Ready for a while after it died, and nobody ends what ran on it.
    await putPod(site.host("server-1"), "server-2");
    await site.host("server-2").powerOff();
    site.remove("server-2");
    await site.goesUp();
    assert.match(await saidLast(site, "membership"), /server-2 has died: its pods are gone with it/);
    await assertConverged(site);
    assert.deepEqual(await written(aServer(site)), ["before-the-change", "before-the-loss"]);
  });
});

/** What the script of a resource said the last time, which nobody is shown who did not ask. */
async function saidLast(site: TestSite, resource: string): Promise<string> {
  const { resources } = await site.stack.export({ secrets: true });
  const found = resources.find(({ urn }) => urn.endsWith(`::${clusterName}-${resource}`));
  return JSON.stringify(found?.outputs?.["stderr"]);
}

async function putPod(host: Host, nodeName: string): Promise<void> {
  const spec = {
    nodeName,
    tolerations: [{ operator: "Exists" }],
    containers: [{ name: "one", image: "none.example/one:1" }],
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "left", namespace: "default" }, spec };
  await host.ok("k3s kubectl apply -f -", { stdin: JSON.stringify(pod) });
}

/** Asks all servers all the time whether k3s runs; `stop` tells the least number on which it did. */
function watchReadyServers(site: TestSite): { stop(): Promise<number> } {
  const servers = site.file.nodes.filter(({ role }) => role === "server").map(({ name }) => site.host(name));
  const over = new AbortController();
  const asked = leastActive(servers, over.signal);
  return {
    async stop() {
      over.abort();
      return asked;
    },
  };
}

async function leastActive(servers: readonly Host[], over: AbortSignal): Promise<number> {
  let least = servers.length;
  while (!over.aborted) {
    const states = await Promise.all(servers.map((host) => host.run("systemctl is-active k3s")));
    least = Math.min(least, states.filter(({ stdout }) => stdout.trim() === "active").length);
    await sleep(300);
  }
  return least;
}
