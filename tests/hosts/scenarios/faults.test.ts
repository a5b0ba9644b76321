/** What goes wrong: hosts that die midway, links that are cut, tokens and flags that are wrong, clusters that are gone. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { scripts } from "@isthmus/k3s";
import { aServer, assertConverged, members, starts, write, written } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { atStep } from "./steps.ts";
import { clusterName, TestSite } from "../../kits/site/test-site.ts";

describe("a cluster in trouble", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: ["server-1", "server-2", "server-3"],
      spare: ["agent-1"],
      settings: { waitSeconds: 30 },
    });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("tells everything that stands in the way on a host at once, before anything is changed", async () => {
    const host = site.host("server-2");
    await host.ok("systemd-run --version >/dev/null 2>&1; hostname elsewhere");
    await host.ok("nohup python3 -m http.server 10250 >/dev/null 2>&1 </dev/null & sleep 1");
    const said = await site.refuses();
    assert.match(said, /\[server-2\] 2 finding\(s\) before anything was changed:/);
    assert.match(said, /\[server-2\] - this host calls itself elsewhere, and is declared as server-2/);
    assert.match(said, /\[server-2\] - TCP port 10250 is taken by python3 \(process \d+\)/);
    assert.match(said, /\[server-2\] {3}fix: stop it, or keep it off this host; who it is: ss -lntup/);
    assert.equal(await host.ok("find /etc/rancher /var/lib/rancher -mindepth 1"), "");
    await host.ok("hostname server-2; fuser -k 10250/tcp");
  });

  it("says that a server was given other flags than those that run, and goes on when they are fixed", async () => {
    const byHand = "/etc/rancher/k3s/config.yaml.d/90-by-hand.yaml";
    await site.host("server-2").put(byHand, "cluster-cidr: 10.99.0.0/16\n");
    const said = await site.refuses();
    assert.match(said, /\[server-2\] because: this server was given other flags than those that run/);
    assert.match(said, /\[server-2\] to fix: give all servers the same cluster and service CIDR/);
    assert.deepEqual(await members(site.host("server-1")), ["server-1"]);
    await site.host("server-2").ok(`rm ${byHand}`);
  });

  it("goes on after a host died while it joined", async () => {
    const said = await refusesWith(site, "server-2", () => site.host("server-2").powerOff());
    assert.match(said, new RegExp(`${clusterName}-server-2`));
    await site.host("server-2").powerOn();
  });

  it("goes on after a link was cut during a join", async () => {
    const said = await refusesWith(site, "server-3", () => site.host("server-3").cutLink());
    assert.match(said, new RegExp(`${clusterName}-server-3`));
    await site.host("server-3").restoreLink();
    await site.goesUp();
    await assertConverged(site);
    await write(aServer(site), "kept");
  });

  it("refuses networks that a living cluster cannot change, and touches nothing", async () => {
    const { file } = site;
    const before = await starts(site);
    site.set({ clusterCidr: "10.52.0.0/16" });
    assert.match(
      await site.refuses(),
      /cluster-cidr is 10\.42\.0\.0\/16 in this cluster, and 10\.52\.0\.0\/16 is declared/,
    );
    site.file = file;
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
    await assertConverged(site);
  });

  it("refuses a token that is not the cluster's, and touches nothing", async () => {
    const { file } = site;
    const before = await starts(site);
    site.file = { ...file, tokens: { server: "not-the-servers-token", agent: "not-the-agents-token" } };
    const said = await site.refuses();
    assert.match(said, /because: the token is not the one of this cluster/);
    assert.doesNotMatch(said, /not-the-servers-token|not-the-agents-token/);
    site.file = file;
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
    await assertConverged(site);
    assert.deepEqual(await written(aServer(site)), ["kept"]);
  });

  it("starts no new cluster where one existed, when none of its servers answers", async () => {
    await site.host("server-2").powerOff();
    await site.host("server-3").powerOff();
    await site.replace("server-1");
    const said = await site.refuses();
    assert.match(said, /this cluster existed before, and none of its servers answers/);
    assert.match(said, /Either wait until servers are back and run again, or restore a snapshot/);
    assert.equal((await site.host("server-1").run("systemctl is-active k3s")).stdout.trim(), "inactive");
    await site.host("server-2").powerOn();
    await site.host("server-3").powerOn();
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await written(site.host("server-1")), ["kept"]);
  });

  it("lets a first server that was replaced check whom it joins, where the others are by now", async () => {
    await site.replace("server-2", { newAddress: true });
    await site.goesUp();
    await site.replace("server-3", { newAddress: true });
    const run = await site.goesUp();
    // Who is replaced is no business of the others: one of them was asked to admit it.
    const worked = run.sessions.filter(({ host }) => host !== "any").map(({ host }) => host);
    assert.deepEqual([...new Set(worked)], [site.host("server-3").address]);

    await site.replace("server-1");
    const first = site.host("server-1");
    // The API's address leads nowhere, and the addresses at which the cluster began are nobody's.
    const api = `-d ${site.lab.network.address(1)} -p tcp --dport 6443 -j REJECT --reject-with tcp-reset`;
    await first.ok(`iptables -I OUTPUT ${api}`);
    await site.goesUp();
    await first.ok(`iptables -D OUTPUT ${api}`);
    assert.match(await first.ok("cut -c 1-67 /etc/rancher/k3s/token"), /^K10[0-9a-f]{64}$/m);
    await assertConverged(site);
    assert.deepEqual(await written(first), ["kept"]);
    assert.deepEqual((await site.goesUp()).sessions, []);
  });

  it("says why a first server that is replaced while the token is rotated cannot join yet, and lets it in where it can", async () => {
    await site.replace("server-1");
    site.set({ tokens: { generation: 2 } });
    const reasons = (await site.refuses()).match(/\[server-1\] because: .*/g) ?? [];
    assert.match(reasons.join("\n"), /^.* the servers let in with the token of before yet: [^\n]*$/);
    assert.equal(
      (await site.host("server-1").run("test -e /etc/systemd/system/k3s.service")).code,
      1,
      "it was installed",
    );

    // Not the one that is asked first.
    await site.host("server-3").ok("systemctl restart k3s");
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await written(site.host("server-1")), ["kept"]);
    assert.deepEqual((await site.goesUp()).sessions, []);
  });

  it("refuses a server whose disk was wiped while it stayed the same machine, and takes it back as it says", async () => {
    const host = site.host("server-3");
    const id = await host.ok("cat /etc/machine-id");
    await host.wipe({ newHostKey: false });
    await host.put("/etc/machine-id", id);
    const again = { replace: `**::${clusterName}-server-3` };
    const said = (await site.up(again)).text;
    assert.match(said, /\[server-3\] because: etcd has a member server-3, and its data is not on this disk/);
    const [, fix = ""] = /on another server: (k3s kubectl delete node server-3);/.exec(said) ?? [];
    assert.equal((await host.run("test -e /etc/systemd/system/k3s.service")).code, 1, "it was installed");

    await site.host("server-1").ok(fix);
    await site.goesUp(again);
    await assertConverged(site);
    assert.deepEqual(await written(host), ["kept"]);
  });
});

/** Lets a fault happen while a server waits for its join; what the run that fails of it says. */
async function refusesWith(site: TestSite, server: string, fault: () => Promise<void>): Promise<string> {
  const joining = atStep(site.host(server), scripts.installServer, "wait until the node is Ready and an etcd voter");
  const happened = joining.then(fault).then(
    () => true,
    () => false,
  );
  const said = await site.refuses();
  // It failed of something else where the fault is still to come.
  if (await Promise.race([happened, sleep(1_000, false)])) return said;
  throw new Error(`the run failed before ${server} joined:\n${said}`);
}
