/** What a host is told of firewalls and of the network between hosts before anything is changed on it. */
import assert from "node:assert/strict";

import { type K3sSettingsInput } from "@isthmus/k3s";
import type { K3sNode } from "@isthmus/k3s";
import { until, type Host, type Lab } from "../../kits/lab/hosts.ts";

/** The hosts that are looked at, and how. */
interface Look {
  readonly lab: Lab;
  readonly nodes: readonly K3sNode[];
  readonly look: (
    name: string,
    changes?: Partial<K3sSettingsInput>,
    more?: { roster?: readonly K3sNode[]; programs?: readonly string[] },
  ) => Promise<readonly string[]>;
  readonly problems: (said: readonly string[]) => readonly string[];
  readonly behind: <T>(host: Host, rules: readonly string[], question: () => Promise<T>) => Promise<T>;
}

export function firewalls(at: () => Look): void {
  it("finds a firewall that drops, whoever listens behind it, and names every port that it needs", async () => {
    const drop = ["-p tcp -m multiport --dports 2379,2380 -j DROP", "-p udp --dport 8472 -j DROP"];
    const said = await at().behind(at().lab.host("server-2"), drop, async () => await at().look("server-1"));
    assert.deepEqual(said, [
      "1 finding(s) before anything was changed:",
      `- TCP 2379, TCP 2380, UDP 8472 of server-2 (${at().lab.host("server-2").address}) cannot be reached from here, and the host is up: a firewall is between`,
      "  fix: on both sides let the nodes of the cluster through: ufw allow from ADDRESS, or firewall-cmd --permanent --zone=trusted --add-source=ADDRESS (and --reload). It needs TCP 10250 between all nodes, 6443 to servers, 2379 and 2380 between servers, UDP 8472 between all",
    ]);
  });

  it("finds a firewall that forbids, and tells hosts with the same closed ports at once", async () => {
    const [one, two] = [at().lab.host("server-1"), at().lab.host("server-2")];
    const forbid = ["-p tcp ! --dport 22 -j REJECT --reject-with icmp-host-prohibited"];
    const said = await at().behind(one, forbid, () => at().behind(two, forbid, async () => await at().look("agent-1")));
    assert.deepEqual(at().problems(said), [
      `TCP 6443, TCP 10250 of server-1 (${one.address}), server-2 (${two.address}) cannot be reached from here, and the host is up: a firewall is between`,
    ]);
  });

  it("finds a firewall that lets nothing through at all, as the host still answers for its address", async () => {
    const from = `-s ${at().lab.host("server-1").address} -j DROP`;
    const said = await at().behind(at().lab.host("agent-1"), [from], async () => await at().look("server-1"));
    assert.deepEqual(at().problems(said), [
      `TCP 10250 of agent-1 (${at().lab.host("agent-1").address}) cannot be reached from here, and the host is up: a firewall is between`,
    ]);
  });

  it("finds a firewall that answers as iptables does unless told otherwise: no closed port answers TCP by ICMP", async () => {
    const reject = ["-p tcp --dport 6443 -j REJECT", "-p tcp --dport 2379:2380 -j REJECT"];
    const server = at().lab.host("server-2");
    const asked = async (): Promise<readonly string[]> =>
      await at().behind(server, reject, async () => at().problems(await at().look("server-1")));
    assert.deepEqual(await asked(), [
      `TCP 6443, TCP 2379, TCP 2380 of server-2 (${server.address}) cannot be reached from here, and the host is up: a firewall is between`,
    ]);
    // Only the kernel's queue of errors tells it, and bash does not read that.
    const host = at().lab.host("server-1");
    await host.ok("mv /usr/bin/perl /usr/bin/perl.away");
    assert.deepEqual(await asked(), []);
    await host.ok("mv /usr/bin/perl.away /usr/bin/perl");
  });

  it("finds another machine that has the address of this one", async () => {
    const [host, stranger] = [at().lab.host("server-1"), at().lab.host("stranger")];
    const card = (await stranger.ok("cat /sys/class/net/eth0/address")).trim();
    await stranger.ok(`ip addr add ${host.address}/32 dev eth0`);
    const said = await at().look("server-1");
    await stranger.ok(`ip addr del ${host.address}/32 dev eth0`);
    assert.deepEqual(said, [
      "1 finding(s) before anything was changed:",
      `- another machine (${card}) has the address ${host.address}, too`,
      "  fix: give one of them another address: one outside of every DHCP range, or one that the DHCP server keeps for this host alone",
    ]);
  });

  it("does not take a router that answers for everybody for another machine", async () => {
    const [host, stranger] = [at().lab.host("server-1"), at().lab.host("stranger")];
    const answer = `import socket
s = socket.socket(17, 3, socket.htons(0x806)); s.bind(("eth0", 0x806)); me = s.getsockname()[4]
while True:
    f = s.recv(60)
    if f[20:22] == b"\\0\\1" and f[28:32] == bytes(4):
        s.send(f[6:12] + me + b"\\x08\\x06\\0\\1\\x08\\0\\6\\4\\0\\2" + me + f[38:42] + f[22:32])
`;
    await stranger.put("/tmp/answer.py", answer);
    const pid = (await stranger.ok("setsid python3 /tmp/answer.py >/dev/null 2>&1 </dev/null & echo $!")).trim();
    await until("it answers for all", async () => (await stranger.run("ss -0 -np | grep -q python3")).code === 0);
    const asStranger = at().problems(await at().look("server-1"));
    await host.ok(`ip route replace default via ${stranger.address}`);
    const asRouter = await at().look("server-1");
    await host.ok(`ip route replace default via ${at().lab.network.address(254)}`);
    await stranger.ok(`kill ${pid}`);
    assert.match(asStranger.join("\n"), /^another machine \S+ has the address/);
    assert.deepEqual(asRouter, []);
  });

  it("takes the port of pods for its own where a k3s left its interface, as one does that was stopped", async () => {
    const agent = at().lab.host("agent-1");
    const listen = "import socket,time; u=socket.socket(2,2); u.bind(('',8472)); time.sleep(600)";
    await agent.ok(`setsid python3 -c "${listen}" >/dev/null 2>&1 </dev/null & echo $! >/tmp/listener`);
    await until("it listens", async () => (await agent.run("ss -Hlun 'sport = :8472' | grep .")).code === 0);
    assert.match(
      at()
        .problems(await at().look("agent-1"))
        .join("\n"),
      /^UDP port 8472 is taken by python3/,
    );
    await agent.ok("ip link add flannel.1 type veth peer name other-end");
    assert.deepEqual(await at().look("agent-1"), []);
    await agent.ok("ip link del flannel.1; kill $(cat /tmp/listener)");
  });

  it("asks another port where pods are encrypted, and none where there is no overlay", async () => {
    const drop = ["-p udp --dport 51820 -j DROP"];
    const [encrypted, direct] = await at().behind(at().lab.host("server-2"), drop, async () =>
      Promise.all([
        at().look("server-1", { flannel: "wireguard-native" }),
        at().look("agent-1", { flannel: "host-gw" }),
      ]),
    );
    assert.match(at().problems(encrypted).join("\n"), /^UDP 51820 of server-2/);
    assert.deepEqual(direct, []);
  });

  it("does not take a listener's silence on UDP for a firewall", async () => {
    const listen =
      "import socket,time; u=socket.socket(2,2); u.bind(('',8472)); t=socket.socket(); t.bind(('',10250)); t.listen(9); time.sleep(600)";
    const pid = (
      await at().lab.host("agent-1").ok(`setsid python3 -c "${listen}" >/dev/null 2>&1 </dev/null & echo $!`)
    ).trim();
    await until(
      "it listens",
      async () => (await at().lab.host("agent-1").run("ss -Hlun 'sport = :8472' | grep .")).code === 0,
    );
    assert.deepEqual(await at().look("server-1"), []);
    await at().lab.host("agent-1").ok(`kill ${pid}`);
  });

  it("waits for servers that are still to come for a moment only, and holds it against nobody", async () => {
    await at().lab.host("server-2").cutLink();
    const gone = {
      ...at().nodes[0],
      name: "server-3",
      role: "server" as const,
      address: at().lab.network.address(99),
      labels: {},
      taints: [],
    };
    const began = Date.now();
    const said = await at().look("server-1", {}, { roster: [...at().nodes, gone] });
    assert.deepEqual(said, ["not checked, as they do not answer: server-2 server-3"]);
    assert.ok(Date.now() - began < 15_000);
    await at().lab.host("server-2").restoreLink();
  });
}
