/** The network of the pods: on the interface of each node's address, to all other nodes, and what cannot be told anew. */
import assert from "node:assert/strict";

import { until } from "../../kits/lab/hosts.ts";
import { assertConverged, node, starts } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite } from "../../kits/site/test-site.ts";

const tellsAll = { timeoutMs: 30_000, everyMs: 500 };

describe("the network of the pods", function () {
  this.timeout(300_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", "agent-1"], spare: ["agent-2"] });
    // Two interfaces, and the default route leads elsewhere than to the other nodes. Not every kernel has dummy interfaces.
    await site
      .host("agent-1")
      .ok(
        "ip link add other0 type bridge && ip addr add 203.0.113.254/31 dev other0 && ip link set other0 up && " +
          "ip route replace default via 203.0.113.255 dev other0",
      );
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  async function flannelOf(name: string): Promise<string | undefined> {
    const { metadata } = (await node(site, name)) as { metadata: { annotations?: Readonly<Record<string, string>> } };
    return metadata.annotations?.["flannel.alpha.coreos.com/public-ip"];
  }

  it("is on the interface that has the node's address, wherever the default route leads", async () => {
    await site.goesUp();
    await assertConverged(site);
    for (const name of ["server-1", "agent-1"]) {
      const host = site.host(name);
      assert.equal(await host.ok("cat /etc/rancher/k3s/config.yaml.d/06-interface.yaml"), "flannel-iface: eth0\n");
      assert.equal(await flannelOf(name), host.address);
      assert.match(await host.ok("ip -d link show flannel.1"), new RegExp(`local ${host.address} dev eth0 `));
    }
  });

  it("restarts nobody who has it right already, and one by one who has not, when this is first looked at", async () => {
    const before = await starts(site);
    for (const name of ["server-1", "agent-1"]) await site.host(name).ok("rm /var/lib/isthmus/k3s.started-with");
    site.set({ waitSeconds: 61 });
    await site.goesUp();
    assert.deepEqual(await starts(site), before);

    const agent = site.host("agent-1");
    await agent.ok("rm /var/lib/isthmus/k3s.started-with /etc/rancher/k3s/config.yaml.d/06-interface.yaml");
    await agent.ok("systemctl restart k3s-agent");
    await until("flannel is elsewhere", async () => (await flannelOf("agent-1")) === "203.0.113.254", tellsAll);
    const astray = await starts(site);
    site.set({ waitSeconds: 62 });
    await site.goesUp();
    assert.equal(await flannelOf("agent-1"), agent.address);
    assert.deepEqual(await starts(site), { ...astray, "agent-1": (astray["agent-1"] ?? 0) + 1 });
    await assertConverged(site);
  });

  it("ends a join that no pod could be reached after, and says what is closed", async () => {
    const agent = site.host("agent-2");
    await agent.ok("iptables -A INPUT -p udp --dport 8472 -j DROP");
    site.add("agent-2");
    const said = await site.refuses();
    assert.match(said, /\[agent-2\] failed at: reach the pods of other nodes/);
    for (const name of ["server-1", "agent-1"]) assert.ok(said.includes(`${name} (${site.host(name).address})`), said);
    assert.match(said, /cannot be reached from here, and these nodes can: UDP 8472 is closed in one direction/);
    assert.match(said, /to fix: on both sides let the nodes, and the network of the pods, through: ufw allow from/);
    const before = await starts(site);
    assert.match(
      await site.refuses(),
      /\[agent-2\] failed at: reach the pods of other nodes/,
      "nor does the next run pass",
    );
    await agent.ok("iptables -F INPUT");
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
    await assertConverged(site);
  });

  it("has another backend on every node after a change of it, agents too", async () => {
    const before = await starts(site);
    site.set({ flannel: "host-gw" });
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(
      await starts(site),
      Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1])),
    );
    const pods = ((await node(site, "agent-2")) as { spec: { podCIDR?: string } }).spec.podCIDR ?? "";
    for (const name of ["server-1", "agent-1"]) {
      const host = site.host(name);
      assert.match(await host.ok(`ip route show ${pods}`), new RegExp(`via ${site.host("agent-2").address} dev eth0`));
      assert.notEqual((await host.run("ip link show flannel.1")).code, 0);
    }
  });

  it("is encrypted on every node after a change of it: by one route through one device, and none of before is narrower", async () => {
    const before = await starts(site);
    site.set({ flannel: "wireguard-native" });
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(
      await starts(site),
      Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1])),
    );
    for (const name of ["server-1", "agent-1", "agent-2"]) {
      const host = site.host(name);
      assert.match(await host.ok("ip -o -d link show flannel-wg"), / dstport 51820 /);
      const routes = (await host.ok("ip -o route show root 10.42.0.0/16")).trim().split("\n");
      assert.equal(routes.length, 1, routes.join("\n"));
      assert.match(routes[0] ?? "", /^10\.42\.0\.0\/16 dev flannel-wg /);
      const { metadata } = (await node(site, name)) as { metadata: { annotations?: Readonly<Record<string, string>> } };
      assert.equal(metadata.annotations?.["flannel.alpha.coreos.com/backend-type"], "wireguard");
    }
    const server = (await site.host("server-1").ok("cat /etc/rancher/k3s/config.yaml")).split("\n");
    assert.ok(server.includes("flannel-backend: wireguard-native"));
  });

  it("is no setting of agents, which begin at the cluster's own address, as a file says that others cannot read", async () => {
    const { api } = site.file.settings;
    for (const name of ["agent-1", "agent-2"]) {
      const host = site.host(name);
      assert.equal(
        await host.ok("cat /etc/rancher/k3s/config.yaml.d/10-join.yaml"),
        `server: https://${api.address}:6443\n`,
      );
      assert.equal(await host.ok("stat -c '%a %U' /etc/rancher/k3s/config.yaml.d/10-join.yaml"), "600 root\n");
      assert.doesNotMatch(
        await host.ok("cat /etc/rancher/k3s/config.yaml"),
        /flannel-backend|embedded-registry|server:/,
      );
    }
  });

  it("does not change to another CNI, nor a server's address or the networks: refused before anything is changed", async () => {
    const before = await starts(site);
    const { file } = site;
    const other = site.lab.network.address(99);
    site.set({ flannel: "none", clusterCidr: "10.52.0.0/16" });
    site.edit("server-1", { address: other });
    const said = await site.refuses();
    assert.match(said, /\[server-1\] - flannel is wireguard-native in this cluster, and none is declared/);
    assert.match(
      said,
      /\[server-1\] - cluster-cidr is 10\.42\.0\.0\/16 in this cluster, and 10\.52\.0\.0\/16 is declared/,
    );
    assert.ok(
      said.includes(`- this server is a member of etcd at ${site.host("server-1").address}, and ${other} is declared`),
      said,
    );
    assert.match(said, /\[server-1\] {3}fix: declare [0-9.]+ again\. A server moves by leaving/);
    site.file = file;
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
  });

  it("of a server at another address than etcd has it never begins: k3s says so, again and again", async () => {
    const host = site.host("server-1");
    const other = site.lab.network.address(99);
    await host.ok(`ip addr add ${other}/24 dev eth0`);
    await host.put("/etc/rancher/k3s/config.yaml.d/90-by-hand.yaml", `node-ip: ${other}\n`);
    await host.ok("systemctl restart --no-block k3s");
    const line = new RegExp(
      `this server is a not a member of the etcd cluster\\. Found \\[server-1-[0-9a-f]{8}=https://${host.address}:2380\\], expect: server-1-[0-9a-f]{8}=${other}`,
    );
    await until(
      "k3s says so",
      async () => line.test(await host.ok("journalctl -u k3s -n 50 --no-pager -o cat")),
      tellsAll,
    );
    await host.ok(`rm /etc/rancher/k3s/config.yaml.d/90-by-hand.yaml && ip addr del ${other}/24 dev eth0`);
    await host.ok("systemctl restart k3s", { timeoutMs: 60_000 });
    await assertConverged(site);
  });
});
