/** Changes that fail on one of three servers, and what is refused while one of them is away. */
import assert from "node:assert/strict";

import { letGo } from "@isthmus/k3s";
import { askServers } from "../../../program/replacements.ts";
import { until, type Host } from "../../kits/lab/hosts.ts";
import { standIn } from "../../kits/k3s/k3s.ts";
import { members, node, starts } from "../../kits/site/cluster-state.ts";
import { deployed } from "./deployed.ts";
import { versionOf, firstPatch } from "./fault-matrix-capabilities.ts";
import { assertAsDeclared, assertNobodyAway } from "./fault-matrix-checks.ts";
import { Writer } from "./fault-matrix-writer.ts";
import { holdAt } from "./steps.ts";
import { clusterName, TestSite, type SiteRun } from "../../kits/site/test-site.ts";
import { keepWellSite } from "./well-site.ts";

const config = "/etc/rancher/k3s/config.yaml";

describe("a change that fails on the second of three servers", function () {
  this.timeout(240_000);
  let site: TestSite;
  const wellSite = keepWellSite({
    create: async () => {
      const versions = [0, 1, 2, 3].map((more) => standIn(versionOf(firstPatch + more)));
      return await TestSite.create({
        nodes: ["server-1", "server-2", "server-3"],
        k3s: await Promise.all(versions),
        settings: { waitSeconds: 30 },
      });
    },
    prepare: (created) => created.goesUp(),
  });
  beforeEach(async () => {
    site = await wellSite();
  });

  it("stops an upgrade where a checksum is wrong, before any server is changed, and goes on when it is right", async () => {
    const second = site.host("server-2");
    const binary = `/srv/k3s/${versionOf(4)}/k3s`;
    await second.ok(`echo spoiled >>'${binary}'`);
    const before = await starts(site);
    site.version(versionOf(4));
    const run = await site.up();
    assert.notEqual(run.exitCode, 0, run.text);
    assert.match(run.text, /\[server-2\] because: .*k3s has the SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is declared/);
    assert.deepEqual(installed(site, run), []);
    assert.deepEqual(await cordoned(second), []);
    assert.deepEqual(await starts(site), before, "nobody was restarted");

    await second.ok(`truncate -s -${String("spoiled\n".length)} '${binary}'`);
    assert.deepEqual(installed(site, await site.goesUp()), ["server-1", "server-2", "server-3"]);
    await assertAsDeclared(site);
  });

  it("stops an upgrade where k3s does not start any more, says why, and goes on from there", async () => {
    const second = site.host("server-2");
    const dropIn = "/etc/systemd/system/k3s.service.d/10-broken.conf";
    await second.put(dropIn, "[Service]\nExecStartPre=/bin/sh -c 'echo this binary is broken; exit 1'\n");
    await second.ok("systemctl daemon-reload");
    const said = await stopsAtTheSecond(site, versionOf(5), () => site.up());
    assert.match(said, /\[server-2\] because: server-2 did not become Ready and an etcd voter within 30 seconds/);
    assert.match(said, /\[server-2\] .*this binary is broken/);

    await second.ok(`rm ${dropIn}; systemctl daemon-reload`);
    await goesOnFromTheSecond(site);
  });

  it("stops an upgrade within 30 seconds of a host's death, in our words, and goes on from there", async () => {
    const second = site.host("server-2");
    let diedAt = 0;
    let endedAt = 0;
    const said = await stopsAtTheSecond(site, versionOf(6), async () => {
      const { reached } = await holdAt(second, "install k3s");
      const died = reached.then(() => second.powerOff());
      void died.then(() => (diedAt = performance.now()));
      const run = await site.up();
      endedAt = performance.now();
      await died;
      return run;
    });
    assert.match(said, new RegExp(`${clusterName}-server-2`));
    assert.match(
      said,
      /\[server-2\] because: \S+ (was not heard of for 20 seconds while|ended the session before) the script/,
    );
    assert.match(said, /\[server-2\] to fix: see that the host is up/);
    // The engine has to write its state besides.
    assert.ok(endedAt - diedAt < 35_000, `${endedAt - diedAt} ms`);

    await second.powerOn();
    await goesOnFromTheSecond(site);
  });

  it("brings a server back to what was declared before, when a change that had reached it is taken back", async () => {
    const { file } = site;
    const before = await starts(site);
    site.set({ kubeletArguments: ["max-pods=55"] });
    const hold = await holdAt(site.host("server-1"), "wait until the node is Ready and an etcd voter");
    const run = await site.up({ killWhen: () => hold.reached });
    assert.equal(run.killed, true, run.text);
    await hold.release();

    site.file = file;
    await site.goesUp();
    await assertAsDeclared(site);
    // Once for the change, and once to take it back: what runs is what is declared, not only what is on the disk.
    const after = await starts(site);
    assert.equal(after["server-1"], (before["server-1"] ?? 0) + 2);
    for (const name of ["server-2", "server-3"]) assert.equal(after[name], before[name], name);
    assert.deepEqual((await site.goesUp()).sessions, []);
  });

  it("takes away a label that a run set which failed before it was done", async () => {
    const { file } = site;
    // The first server that answers sets labels and taints: here it can set labels alone.
    const first = site.host("server-1");
    await first.ok("mv /usr/local/bin/k3s /usr/local/bin/k3s.whole");
    const halfway = '#!/bin/sh\ncase " $* " in *" taint "*) exit 1 ;; esac\nexec /usr/local/bin/k3s.whole "$@"\n';
    await first.put("/usr/local/bin/k3s", halfway, 0o755);
    site.edit("server-3", { labels: { half: "done" }, taints: [{ key: "half", value: "done", effect: "NoSchedule" }] });
    assert.match(await site.refuses(), new RegExp(`${clusterName}-membership`));
    assert.equal((await node(site, "server-3")).metadata.labels["half"], "done");

    await first.ok("mv /usr/local/bin/k3s.whole /usr/local/bin/k3s");
    site.file = file;
    await site.goesUp();
    assert.equal((await node(site, "server-3")).metadata.labels["half"], undefined);
    await assertAsDeclared(site);
  });

  it("restarts no server while another one is away, says so, and writes nothing: etcd would lose its majority", async () => {
    await site.host("server-3").ok("systemctl stop k3s");
    const { file } = site;
    const [before, files] = [await starts(site), await site.host("server-1").ok(`sha256sum ${config}`)];
    site.set({ kubeletArguments: ["max-pods=66"] });
    const said = await site.refuses();
    assert.match(said, /a restart of server-1 would leave 1 of 3 voters: no majority, and the API would stop/);
    assert.deepEqual(await votes(site.host("server-1")), { members: 3, well: 2 });
    assert.deepEqual(await starts(site), before);
    assert.equal(await site.host("server-1").ok(`sha256sum ${config}`), files);
    site.file = file;
  });

  it("restarts no server where another one goes while it is made ready", async () => {
    await site.host("server-3").ok("systemctl start k3s");
    await assertAsDeclared(site);
    const { file } = site;
    const before = await starts(site);
    const hold = await holdAt(site.host("server-1"), "install k3s");
    site.set({ kubeletArguments: ["max-pods=67"] });
    const refused = site.refuses();
    await hold.reached;
    await site.host("server-3").ok("systemctl stop k3s");
    await hold.release();
    assert.match(await refused, /a restart of server-1 would leave 1 of 3 voters: no majority, and the API would stop/);
    assert.equal((await starts(site))["server-1"], before["server-1"]);
    await site.host("server-3").ok("systemctl start k3s");
    site.file = file;
    await site.goesUp();
    await assertAsDeclared(site);
  });

  it("changes nobody while a server cannot be reached, and says which", async () => {
    await site.host("server-3").powerOff();
    const { file } = site;
    const before = await starts(site);
    site.set({ kubeletArguments: ["max-pods=67"] });
    const run = await site.up();
    assert.notEqual(run.exitCode, 0, run.text);
    assert.match(run.text, new RegExp(`${clusterName}-preflight-server-3`));
    assert.deepEqual(installed(site, run), []);
    assert.deepEqual(await starts(site), before);

    // What was taken back is looked at again on that server, too.
    site.file = file;
    await site.host("server-3").powerOn();
    await site.goesUp();
    await assertAsDeclared(site);
  });

  it("takes back in whom a run began to remove, and died", async () => {
    const { file } = site;
    const first = site.host("server-1");
    const hold = await holdAt(first, "drain *");
    site.remove("server-3");
    const refused = site.refuses();
    await hold.reached;
    await until("cordoned", async () => (await node(site, "server-3")).spec.unschedulable === true);
    await first.powerOff();
    await refused;
    await first.powerOn();

    site.file = file;
    await site.goesUp();
    assert.notEqual((await node(site, "server-3")).spec.unschedulable, true);
    await assertAsDeclared(site);
    await assertNobodyAway(site);
  });

  it("lets the machine of one server go, and of no second one before that has joined again", async () => {
    const { plan, access } = await deployed(site);
    const ask = async (name: string): Promise<string> => {
      const { status, stderr } = await askServers(letGo(plan, name), access);
      return `${String(status)} ${stderr}`;
    };
    assert.match(await ask("server-3"), /^0 [^]*server-3 may go/);
    assert.match(await ask("server-2"), /^1 [^]*server-3 is worked on since [^]*one server at a time may be away/);
    await site.host("server-3").powerOff();
    // A run that was killed goes on with the same one.
    assert.match(await ask("server-3"), /^0 [^]*server-3 may go/);
    await site.host("server-1").ok("k3s kubectl -n kube-system delete lease isthmus-maintenance");
    assert.match(await ask("server-2"), /^1 [^]*without server-2, 1 of 3 servers would be left with a vote and well/);
    await site.host("server-3").powerOn();
    await site.goesUp();
    await assertAsDeclared(site);
  });

  it("removes no server that the majority needs, and does remove the one that is away", async () => {
    const { file } = site;
    await site.host("server-3").powerOff();
    site.remove("server-2");
    const said = await site.refuses();
    assert.match(said, /without server-2, 1 of 2 etcd voters would be well: no majority, and the API would stop/);
    assert.deepEqual(await members(site.host("server-1")), ["server-1", "server-2", "server-3"]);
    assert.deepEqual(await votes(site.host("server-1")), { members: 3, well: 2 });

    site.file = file;
    site.remove("server-3");
    await site.goesUp();
    assert.deepEqual(await votes(site.host("server-1")), { members: 2, well: 2 });
    await assertAsDeclared(site);
  });
});

/** A run that fails at the second server while the first is done, the third is left alone and the API takes writes. */
async function stopsAtTheSecond(site: TestSite, version: string, run: () => Promise<SiteRun>): Promise<string> {
  site.version(version);
  const before = await starts(site);
  const writer = await Writer.start(site, `to-${/\.(\d+)\+/.exec(version)?.[1] ?? ""}`);
  let ended: SiteRun;
  try {
    ended = await run();
    assert.notEqual(ended.exitCode, 0, ended.text);
    assert.deepEqual(await writer.lost(), []);
    assert.ok(writer.longestSilenceMs < 15_000, `no write for ${String(writer.longestSilenceMs)} ms`);
  } finally {
    writer.stop();
  }
  const after = await starts(site);
  assert.equal(after["server-1"], (before["server-1"] ?? 0) + 1, "server-1 was upgraded");
  assert.equal(after["server-3"], before["server-3"], "server-3 was touched");
  assert.deepEqual(installed(site, ended), ["server-1", "server-2"]);
  assert.deepEqual(await members(site.host("server-1")), ["server-1", "server-2", "server-3"]);
  return ended.text;
}

async function goesOnFromTheSecond(site: TestSite): Promise<void> {
  const before = await starts(site);
  const run = await site.goesUp();
  assert.deepEqual(installed(site, run), ["server-2", "server-3"]);
  await assertAsDeclared(site);
  assert.equal((await starts(site))["server-1"], before["server-1"], "server-1 was restarted once more");
}

/** Servers that an installing script ran on, in this order. */
function installed(site: TestSite, { sessions }: SiteRun): readonly string[] {
  const names = new Map(site.file.nodes.map(({ name }) => [site.host(name).address, name]));
  return sessions.filter(({ script }) => script === "install-server.sh").map(({ host }) => names.get(host) ?? host);
}

async function cordoned(host: Host): Promise<readonly string[]> {
  const said = await host.ok(
    "k3s kubectl get nodes -o 'jsonpath={.items[?(@.spec.unschedulable==true)].metadata.name}'",
  );
  return said.split(" ").filter((name) => name !== "");
}

/** What etcd itself says: who has a vote, and who answers as a member with a leader. */
async function votes(host: Host): Promise<{ readonly members: number; readonly well: number }> {
  const tls = "/var/lib/rancher/k3s/server/tls/etcd";
  const flags = `--endpoints https://127.0.0.1:2379 --cacert ${tls}/server-ca.crt --cert ${tls}/client.crt --key ${tls}/client.key`;
  const said = await host.run(`ETCDCTL_API=3 etcdctl ${flags} endpoint health --cluster -w json 2>/dev/null`);
  const list = JSON.parse(said.stdout) as readonly { readonly health: boolean }[];
  return { members: (await members(host)).length, well: list.filter(({ health }) => health).length };
}
