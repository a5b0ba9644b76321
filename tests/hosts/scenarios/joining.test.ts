/** Joins that cannot succeed, one cause after the other on one site: each is named, soon, and fixed; then all is as declared. */
import assert from "node:assert/strict";

import { aServer, assertConverged, members, starts } from "../../kits/site/cluster-state.ts";
import { full, requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite, versions } from "../../kits/site/test-site.ts";

const byHand = "/etc/rancher/k3s/config.yaml.d/90-by-hand.yaml";

describe("a join that cannot succeed", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: ["server-1"],
      spare: ["server-2", "agent-1", "stranger"],
      settings: { waitSeconds: 30 },
    });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  /** The reason that a host gave, without how often k3s said so or ended: that depends on its pace. k3s would go on trying there, and join as soon as it can: it is stopped. */
  async function refusal(host: string): Promise<string> {
    const said = await site.refuses();
    const [, because] = new RegExp(`\\[${host}\\] because: (.*)`).exec(said) ?? [];
    assert.ok(because, said);
    assert.match(said, new RegExp(`\\[${host}\\] to fix: .`));
    await site.host(host).run("systemctl stop k3s; systemctl stop k3s-agent");
    return because.replace(/ \((it ended so three times|k3s says so again and again)\)$/, "");
  }

  it("is refused where the API address leads to another cluster, before one is begun", async () => {
    const stranger = site.host("stranger");
    await stranger.put("/etc/rancher/k3s/config.yaml", "cluster-init: true\ntoken: of-somebody-else\n");
    const folder = `/srv/k3s/${versions.first}`;
    await stranger.ok(
      `cp ${folder}/k3s /usr/local/bin/k3s && INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_EXEC=server sh ${folder}/install.sh`,
      { timeoutMs: 60_000 },
    );
    const { file } = site;
    site.set({ api: { kind: "external", address: stranger.address } });
    assert.equal(
      await refusal("server-1"),
      `another k3s cluster answers at the API address ${stranger.address}, and this cluster is still to begin`,
    );
    await site.host("server-1").ok("test ! -e /var/lib/rancher/k3s/server/db");
    await stranger.powerOff();
    site.file = file;
    await site.goesUp();
    site.add("server-2");
  });

  // By default in faults.test.ts.
  if (full) {
    it("says which flags differ from those that run", async () => {
      await site.host("server-2").put(byHand, "cluster-cidr: 10.98.0.0/16\n");
      assert.equal(await refusal("server-2"), "this server was given other flags than those that run: cluster-cidr");
      assert.deepEqual(await members(site.host("server-1")), ["server-1"]);
    });
  }

  it("says that the token is wrong", async () => {
    await site.host("server-2").put(byHand, "token: not-the-one\n");
    const said = await refusal("server-2");
    assert.equal(said, "the token is not the one of this cluster");
  });

  it("says that another cluster answers where it joins, and which machine that is", async () => {
    await site.host("server-2").put(byHand, `token: K10${"0".repeat(64)}::server:not-the-one\n`);
    const card = (await site.host("server-1").ok("cat /sys/class/net/eth0/address")).trim();
    assert.equal(
      await refusal("server-2"),
      `what answers at ${site.host("server-1").address} (${card}) is another cluster, or was made anew`,
    );
    await site.host("server-2").ok(`rm ${byHand}`);
  });

  it("says by how much the clock is off from where it joins, and starts nothing", async () => {
    const before = await starts(site);
    await site.host("server-2").shiftClock(-86_400);
    const said = await refusal("server-2");
    assert.match(said, /^this clock says \S+Z: it is 8640[012] s behind that of 10\.99\.\d+\.11, where it would join$/);
    assert.deepEqual(await starts(site), before);
    await site.host("server-2").shiftClock(0);
  });

  it("says which ports of a server are closed", async () => {
    const first = site.host("server-1");
    await first.ok("iptables -A INPUT -p tcp -m multiport --dports 2379,2380 ! -i lo -j REJECT");
    assert.equal(await refusal("server-2"), `${first.address} answers on port 6443, but not on 2379 2380`);
    await first.ok("iptables -F INPUT");
  });

  if (full) {
    it("says that etcd takes one new member at a time", async () => {
      const learner = await etcdctl(
        `member add never --learner --peer-urls https://${site.lab.network.address(99)}:2380`,
      );
      assert.match(
        await refusal("server-2"),
        /^another server is joining at the same time, or began to and never ended/,
      );
      await etcdctl(`member remove ${/Member\s+([0-9a-f]+) added/.exec(learner)?.[1] ?? ""}`);
    });

    it("says that a certificate is not valid yet, where k3s alone takes it for yesterday", async () => {
      const second = site.host("server-2");
      await second.shiftClock(-86_400);
      await second.ok("rm /usr/local/sbin/date");
      assert.match(await refusal("server-2"), /^a certificate is not valid at the time that this clock shows/);
      await second.shiftClock(0);
    });
  }

  it("refuses copies of one disk, before any of them joins", async () => {
    site.add("agent-1");
    const { file } = site;
    const { "agent-1": agent, "server-2": server } = file.machines;
    assert.ok(agent && server);
    site.file = { ...file, machines: { ...file.machines, "agent-1": { ...agent, machineId: server.machineId } } };
    assert.match(await site.refuses(), /because: agent-1 and server-2 have the same machine id/);
    site.file = file;
  });

  it("says that an agent's name is that of another machine", async () => {
    const hash = Buffer.from(`$1:00:${"0".repeat(128)}`).toString("base64");
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "agent-1.node-password.k3s", namespace: "kube-system" },
      data: { hash },
    };
    await aServer(site).ok("k3s kubectl apply -f -", { stdin: JSON.stringify(secret) });
    assert.equal(
      await refusal("agent-1"),
      "the cluster remembers another machine by this name, or two machines have it",
    );
    await aServer(site).ok("k3s kubectl -n kube-system delete secret agent-1.node-password.k3s");
  });

  it("says that no server can be reached, and how each of them answers", async () => {
    const [agent, first] = [site.host("agent-1"), site.host("server-1")];
    await agent.ok(`iptables -A OUTPUT -p tcp --dport 6443 ! -d ${first.address} -j DROP`);
    await first.ok(`iptables -A INPUT -p tcp --dport 6443 -s ${agent.address} -j REJECT --reject-with tcp-reset`);
    const said = await refusal("agent-1");
    await agent.ok("iptables -F OUTPUT");
    await first.ok("iptables -F INPUT");
    assert.match(said, /^no server of the cluster answers on TCP 6443 \(/);
    assert.ok(said.includes(`${first.address} refuses`), said);
    assert.ok(said.includes(`${site.lab.network.address(1)} is silent`), said);
  });

  it("goes on when it is fixed: all are there, once", async () => {
    await site.goesUp();
    await assertConverged(site);
  });

  async function etcdctl(command: string): Promise<string> {
    const tls = "/var/lib/rancher/k3s/server/tls/etcd";
    const flags = `--endpoints https://127.0.0.1:2379 --cacert ${tls}/server-ca.crt --cert ${tls}/client.crt --key ${tls}/client.key`;
    return await site.host("server-1").ok(`ETCDCTL_API=3 etcdctl ${flags} ${command}`);
  }
});
