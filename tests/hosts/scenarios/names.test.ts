/** Nodes that are given another name in place, and what a node says of itself. etcd's own list of members is the truth. */
import assert from "node:assert/strict";

import { k3sSettings, planCluster, clusterAccess } from "@isthmus/k3s";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { until } from "../../kits/lab/hosts.ts";
import { aServer, assertConverged, members, node, nodes, starts } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { clusterName, TestSite } from "../../kits/site/test-site.ts";

const servers = ["server-1", "server-2", "server-3"] as const;

describe("a node under another name", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: [...servers, "agent-1"],
      spare: ["server-4"],
      settings: { waitSeconds: 30 },
      // A Node whose kubelet calls itself otherwise is Ready for longer than any run here takes.
      pace: { K3S_STANDIN_NODE_GRACE: 600 },
    });
    await site.goesUp();
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("is refused for a server and an agent that are renamed in place, both at once, and nothing is changed", async () => {
    const before = await untouched(site);
    const { file } = site;
    await site.host("server-2").ok("hostname server-two");
    rename(site, { "server-2": "server-two", "agent-1": "agent-one" });
    const said = await site.refuses();
    assert.match(
      said,
      /\[server-two\] - this machine is the node server-2 of its cluster \(its etcd member is server-2-[0-9a-f]{8}\), and is declared as server-two: nodes are not renamed in place/,
    );
    assert.match(
      said,
      /\[server-two\] {3}fix: declare it as server-2 again .*; or, one step each: take server-2 out of the stack file and run up, then k3s-uninstall\.sh here, then add it as server-two and run up/,
    );
    assert.match(said, /\[agent-one\] - this machine is the node agent-1 of its cluster, and is declared as agent-one/);
    // Its host is still called agent-1: to rename that, too, would be the wrong advice.
    assert.doesNotMatch(said, /hostnamectl set-hostname (server-two|agent-one)/);
    await site.host("server-2").ok("hostname server-2");
    site.file = file;
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await untouched(site), before);
  });

  it("is refused for two servers that swapped names", async () => {
    const before = await untouched(site);
    const { file } = site;
    rename(site, { "server-2": "server-3", "server-3": "server-2" });
    const said = await site.refuses();
    assert.match(said, /\[server-3\] - this machine is the node server-2 of its cluster/);
    assert.match(said, /\[server-2\] - this machine is the node server-3 of its cluster/);
    site.file = file;
    await site.goesUp();
    assert.deepEqual(await untouched(site), before);
  });

  it("is refused for a machine that took the address of a member over, until the cluster has forgotten that one", async () => {
    const { file } = site;
    const address = site.host("server-3").address;
    await site.host("server-3").powerOff();
    await site.host("server-4").ok(`ip addr add ${address}/24 dev eth0`);
    site.remove("server-3");
    site.add("server-4");
    site.edit("server-4", { address });
    const said = await site.refuses();
    assert.match(
      said,
      new RegExp(
        `- ${address.replaceAll(".", "\\.")}, which is declared for server-4, is the address of the etcd member server-3-[0-9a-f]{8}`,
      ),
    );
    assert.deepEqual(await members(site.host("server-1")), servers);
    await site.host("server-4").ok(`ip addr del ${address}/24 dev eth0`);
    await site.host("server-3").powerOn();
    site.file = file;
    await until(
      "server-3 is back",
      async () => (await site.host("server-3").run("k3s kubectl get --raw /readyz")).stdout === "ok",
      {
        timeoutMs: 60_000,
        everyMs: 500,
      },
    );
    await site.goesUp();
    await assertConverged(site);
  });

  it("keeps its member where it was renamed by hand, and k3s runs under the other name", async () => {
    await renameByHand(site, "server-2", "server-two");
    const run = await site.up({ replace: `**::${clusterName}-membership` });
    assert.match(
      run.text,
      /because: server-two lives, and its etcd member server-2-[0-9a-f]{8} is that of server-2, too: k3s on that machine was given another name by hand/,
    );
    assert.deepEqual(await members(site.host("server-1")), servers, "two Nodes, one member");
  });

  it("counts once where it was renamed by hand: with another server away nobody is restarted", async () => {
    await site.host("server-3").ok("systemctl stop k3s");
    const { file } = site;
    const before = await starts(site);
    site.set({ kubeletArguments: ["max-pods=77"] });
    const said = await site.refuses();
    assert.match(said, /a restart of server-1 would leave 1 of 3 voters: no majority, and the API would stop/);
    assert.deepEqual(await starts(site), before);
    site.file = file;
    await site.host("server-3").ok("systemctl start k3s");
  });

  it("is named by `status`, by members and not by Nodes", async () => {
    // A member that is renamed back is the node that it was; here it is asked while both Nodes are there.
    const { voters, nodes: found, drift } = await status(site);
    assert.equal(voters, 3);
    assert.deepEqual(drift, ["server-two is in the cluster and not declared"]);
    assert.ok(
      found.find(({ node: name }) => name === "server-2")?.drift.some((line) => line.endsWith("config.yaml differs")),
    );
  });

  it("goes without its member where the machine was renamed back", async () => {
    const before = await starts(site);
    // The change of the last run is taken back, so that every node is gone to; where files drifted, k3s starts anew.
    await site.goesUp({ replace: `**::${clusterName}-membership` });
    await assertConverged(site);
    assert.deepEqual(await starts(site), { ...before, "server-2": (before["server-2"] ?? 0) + 1 });
  });

  it("cannot forge rows, arguments or labels by what it writes on its own Node", async () => {
    const before = await untouched(site);
    const quoted = (name: string, value: string): string =>
      JSON.stringify({ metadata: { annotations: { [name]: value } } });
    const agent = site.host("agent-1");
    const says = async (name: string, value: string): Promise<void> => {
      const config = "--kubeconfig /var/lib/rancher/k3s/agent/kubelet.kubeconfig";
      await agent.put("/root/says.json", quoted(name, value));
      await agent.ok(`k3s kubectl ${config} patch node agent-1 --type=merge --patch-file /root/says.json`);
    };
    // As rows were read once: a Node of ours that is not declared any more.
    await says(
      "isthmus/cordoned",
      `x||||{"isthmus/machine":"x"}\nserver-3|False|||||{"isthmus/machine":"x"}\nghost|True`,
    );
    await says("isthmus/labels", "--all,x --kubeconfig=/root/other,disk,isthmus/machine\nserver-1");
    await says("isthmus/taints", "--all:NoSchedule,a --overwrite:NoSchedule,key=value:NoSchedule");
    // As an older release noted what was ours: what a person set would have been taken off for the kubelet.
    await aServer(site).ok(
      "k3s kubectl label node agent-1 team=storage && k3s kubectl taint node agent-1 quarantine=yes:NoSchedule",
    );
    await says("isthmus/labels", "disk,team");
    await says("isthmus/taints", "quarantine:NoSchedule");
    await says("k3s.io/encryption-config-hash", "start-0");
    await says("isthmus/way-back", "v1.35.1+k3s1");
    await says("etcd.k3s.cattle.io/node-name", "server-1-00000000\n|voter");
    site.edit("agent-1", { labels: { disk: "ssd" } });
    await site.goesUp();
    const { metadata, spec } = await node(site, "agent-1");
    assert.equal(metadata.labels["disk"], "ssd");
    assert.equal(metadata.labels["team"], "storage");
    assert.deepEqual(spec.taints, [{ key: "quarantine", value: "yes", effect: "NoSchedule" }]);
    assert.deepEqual((await nodes(aServer(site))).map((one) => one.metadata.name).sort(), ["agent-1", ...servers]);
    for (const one of await nodes(aServer(site)))
      assert.equal(one.metadata.labels["isthmus/machine"] === undefined, false);
    assert.deepEqual(await untouched(site), before);
    assert.equal((await status(site)).voters, 3);
  });
});

/** As a person renames nodes in the stack file: their machines stay what they are. */
function rename(site: TestSite, names: Readonly<Record<string, string>>): void {
  const named = (name: string): string => names[name] ?? name;
  const machines = Object.entries(site.file.machines).map(([name, machine]) => [named(name), machine] as const);
  site.file = {
    ...site.file,
    nodes: site.file.nodes.map((one) => ({ ...one, name: named(one.name) })),
    machines: Object.fromEntries(machines),
  };
}

async function renameByHand(site: TestSite, old: string, name: string): Promise<void> {
  const host = site.host(old);
  await host.ok(`sed -i 's/^node-name: .*/node-name: ${name}/' /etc/rancher/k3s/config.yaml`);
  await host.ok("systemctl restart k3s", { timeoutMs: 60_000 });
  await until(`${name} is there`, async () => (await nodes(host)).some(({ metadata }) => metadata.name === name), {
    timeoutMs: 60_000,
    everyMs: 500,
  });
}

/** What would be another if anything had been done. */
async function untouched(site: TestSite): Promise<readonly unknown[]> {
  return [await members(aServer(site)), await starts(site)];
}

async function status(site: TestSite): ReturnType<typeof lookAtCluster> {
  const { name, nodes: declared, settings } = site.file;
  const access = clusterAccess.parse((await site.stack.outputs({ secrets: true }))["clusterAccess"]);
  return await lookAtCluster({
    plan: planCluster({ name, nodes: declared, settings: k3sSettings.parse(settings) }),
    access,
  });
}
