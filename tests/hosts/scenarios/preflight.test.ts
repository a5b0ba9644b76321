/** What a host is told about itself and its network before anything is changed on it: each finding, and none where all is well. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peersOf, planCluster, preflightParameters, scripts, type K3sSettingsInput } from "@isthmus/k3s";
import type { K3sNode } from "@isthmus/k3s";
import { renderCommand, renderInput } from "@isthmus/remote/script";
import { firewalls } from "./preflight-firewalls.ts";
import { lookedAtSettings } from "./looked-at.ts";
import { createLab, requireHosts, until, type Host, type Lab } from "../../kits/lab/hosts.ts";

/** What is got as the release where nothing was found. */
const release = "/srv/k3s/v1.34.3+k3s1";
const content = "#!/bin/sh\n";
const sum = createHash("sha256").update(content).digest("hex");

describe("the look at a host before anything is changed", function () {
  this.timeout(90_000);
  let lab: Lab;
  let nodes: readonly K3sNode[];
  const folder = mkdtempSync(join(tmpdir(), "isthmus-release-"));

  before(async function () {
    requireHosts(this);
    writeFileSync(join(folder, "file"), content);
    const files = ["k3s", "k3s-arm64", "install.sh"].map((name) => ({
      from: join(folder, "file"),
      to: `${release}/${name}`,
    }));
    lab = await createLab(["server-1", "server-2", "agent-1", "stranger"], files);
    nodes = lab.hosts
      .filter(({ name }) => name !== "stranger")
      .map(({ name, address }) => ({
        name,
        role: name.startsWith("server") ? ("server" as const) : ("agent" as const),
        address,
        labels: {},
        taints: [],
      }));
  });
  after(async () => {
    await (lab as Lab | undefined)?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the script says on a host, its lines without the host's name. Others than those of the lab may be on the roster. */
  async function look(
    name: string,
    changes: Partial<K3sSettingsInput> = {},
    { roster = nodes, programs = [] }: { roster?: readonly K3sNode[]; programs?: readonly string[] } = {},
  ): Promise<readonly string[]> {
    const found = nodes.find((one) => one.name === name);
    assert.ok(found);
    const node = { ...found, programs };
    const settings = lookedAtSettings({
      checksums: { installer: sum, amd64: { binary: sum }, arm64: { binary: sum } },
      ...changes,
    });
    const plan = planCluster({ name: "site-a", nodes: [...nodes], settings });
    // Wherever the files are from, as the clock is compared with that.
    const got = { SOURCE: release, INSTALLER: `${release}/install.sh` };
    const parameters = { ...preflightParameters(plan, node, peersOf(node, roster)), PEER_SECONDS: 2, ...got };
    const call = { script: scripts.preflight, host: name, parameters, secretNames: [], user: "root" };
    const ran = await lab.host(name).run(renderCommand(call), { stdin: renderInput(call, {}), timeoutMs: 60_000 });
    const lines = ran.stderr.split("\n").filter((line) => line !== "");
    assert.equal(ran.code, lines.some((line) => line.includes("finding(s)")) ? 1 : 0, ran.stderr);
    return lines.map((line) => line.replace(`[${name}] `, "")).filter((line) => line !== "get the release");
  }

  /** Problems that were found, without their fixes. */
  const problems = (said: readonly string[]): readonly string[] =>
    said.filter((line) => line.startsWith("- ")).map((line) => line.slice(2));

  /** Rules of a host's own firewall, for the time of one question. */
  async function behind<T>(host: Host, rules: readonly string[], question: () => Promise<T>): Promise<T> {
    await host.ok(rules.map((rule) => `iptables -A INPUT ${rule}`).join(" && "));
    try {
      return await question();
    } finally {
      await host.ok("iptables -F INPUT");
    }
  }

  it("finds nothing on good hosts, the ports of which nobody listens at yet", async () => {
    const said = await Promise.all(nodes.map(async ({ name }) => await look(name)));
    assert.deepEqual(said, [[], [], []]);
  });

  it("says all that it finds in one message, each with its fix", async () => {
    const host = lab.host("server-2");
    await host.ok("rm -rf /var/lib/isthmus");
    await host.ok("hostname elsewhere; mv /etc/machine-id /etc/machine-id.away");
    await host.ok(
      "(setsid python3 -m http.server 10250 >/dev/null 2>&1 </dev/null &); ip route add 10.42.7.0/24 dev eth0",
    );
    await host.ok(
      "printf '#subsys_name\\thierarchy\\tnum_cgroups\\tenabled\\ncpu 1 1 1\\ncpuset 1 1 1\\nmemory 0 1 0\\n' >/tmp/cgroups",
    );
    await host.ok("mkdir -p /boot/firmware && touch /boot/firmware/cmdline.txt");
    await host.ok(
      "[ ! -e /sys/fs/cgroup/cgroup.controllers ] || mount --bind /tmp /sys/fs/cgroup; mount --bind /tmp/cgroups /proc/cgroups",
    );
    await until("10250 is taken", async () => (await host.run("ss -Hltn 'sport = :10250' | grep .")).code === 0);
    const said = await look("server-2", { diskMib: 1_000_000_000 });
    const taken = /\(process (\d+)\)/.exec(said.join("\n"))?.[1] ?? "";
    assert.deepEqual(
      said.map((line) => line.replace(/\d+ MiB are free/, "N MiB are free")),
      [
        "6 finding(s) before anything was changed:",
        "- the kernel has no memory cgroup controller",
        "  fix: on a Raspberry Pi: add cgroup_memory=1 cgroup_enable=memory to the one line of /boot/firmware/cmdline.txt (elsewhere: to the kernel command line), then reboot",
        "- this host calls itself elsewhere, and is declared as server-2",
        "  fix: hostnamectl set-hostname server-2, or correct its address in the stack file",
        "- this host has no machine id",
        "  fix: systemd-machine-id-setup, then reboot; a template of machines has none, and each clone makes its own",
        "- N MiB are free below /var/lib, and 1000000000 are needed",
        "  fix: make room or give it a larger disk",
        `- TCP port 10250 is taken by python3 (process ${taken})`,
        "  fix: stop it, or keep it off this host; who it is: ss -lntup 'sport = :10250'",
        "- this host already routes 10.42.0.0/16: 10.42.7.0/24 dev eth0 scope link",
        "  fix: choose another cluster or service CIDR, or remove that route",
      ],
    );
    await host.ok(
      `kill ${taken}; umount /proc/cgroups; umount /sys/fs/cgroup 2>/dev/null; mountpoint -q /sys/fs/cgroup || true`,
    );
    await host.ok("hostname server-2; mv /etc/machine-id.away /etc/machine-id; ip route del 10.42.7.0/24 dev eth0");
    assert.equal(
      await host.ok("find /etc/rancher /var/lib/rancher /var/lib/isthmus -mindepth 1 2>/dev/null || true"),
      "",
    );
    assert.deepEqual(await look("server-2"), []);
  });

  it("finds a system that k3s does not run on", async () => {
    const host = lab.host("agent-1");
    const kernel = 'case $1 in -m) echo armv7l ;; -r) echo 4.4.0-rpi ;; *) exec /usr/bin/uname "$@" ;; esac';
    await host.put("/usr/local/bin/uname", `#!/bin/sh\n${kernel}\n`, 0o755);
    await host.put("/usr/local/bin/getconf", "#!/bin/sh\necho 16384\n", 0o755);
    await host.put("/usr/local/bin/modprobe", '#!/bin/sh\n[ "$2" != vxlan ]\n', 0o755);
    await host.ok("mkdir -p /lib/modules/4.4.0-rpi; mv /usr/bin/curl /usr/bin/curl.away; ip route del default");
    await host.ok("echo 'MemTotal: 200000 kB' >/tmp/meminfo; mount --bind /tmp/meminfo /proc/meminfo");
    await host.ok("mkdir -p /tmp/none && mount --bind /tmp/none /sys/module");
    const said = await look("agent-1");
    await host.ok(
      `umount /proc/meminfo /sys/module; mv /usr/bin/curl.away /usr/bin/curl; ip route add default via ${lab.network.address(254)}`,
    );
    await host.ok("rm /usr/local/bin/uname /usr/local/bin/getconf /usr/local/bin/modprobe");
    assert.deepEqual(problems(said), [
      "there is no program curl",
      "k3s is not declared for armv7l",
      "the kernel has pages of 16384 bytes, and many images need 4096",
      "the kernel 4.4.0-rpi is too old",
      "the kernel has no module vxlan",
      "there is no default route, which k3s needs to find its address and for services",
      "there are 195 MiB of memory, and a k3s agent needs 512",
    ]);
    assert.deepEqual(await look("agent-1"), []);
  });

  it("finds cgroup v1 where the kubelet of that version does not start on it, unless it is told to", async () => {
    const host = lab.host("agent-1");
    const hasCgroup = async (type: string): Promise<void> => {
      await host.put(
        "/usr/local/bin/stat",
        `#!/bin/sh\n[ "$2:$3" = %T:/sys/fs/cgroup ] && echo ${type} || exec /usr/bin/stat "$@"\n`,
        0o755,
      );
    };
    await hasCgroup("tmpfs");
    const newer = { version: "v1.35.1+k3s1" };
    assert.deepEqual(problems(await look("agent-1", newer)), [
      "this host has cgroup v1, and the kubelet of v1.35.1+k3s1 does not start on it",
    ]);
    assert.deepEqual(await look("agent-1", { version: "v1.34.3+k3s1" }), []);
    assert.deepEqual(await look("agent-1", { ...newer, kubeletArguments: ["fail-cgroupv1=false"] }), []);
    await hasCgroup("cgroup2fs");
    assert.deepEqual(await look("agent-1", newer), []);
    await host.ok("rm /usr/local/bin/stat");
  });

  it("finds what pods lack that may run here, not before a new machine has installed what it brings", async () => {
    const host = lab.host("agent-1");
    const installing = '[ "$*" = "status --wait" ] && sleep 1 && install -m 755 /bin/true /usr/local/bin/early-needed';
    await host.put("/usr/local/bin/cloud-init", `#!/bin/sh\n${installing}\nexit 2\n`, 0o755);
    assert.deepEqual(await look("agent-1", {}, { programs: ["early-needed", "never-there"] }), [
      "wait until cloud-init has ended",
      "1 finding(s) before anything was changed:",
      "- there is no program never-there, which pods need that may run here",
      "  fix: install it: apt-get install never-there",
    ]);
    assert.deepEqual(await look("agent-1", {}, { programs: ["early-needed"] }), []);
    await host.ok("rm /usr/local/bin/cloud-init /usr/local/bin/early-needed");
  });

  firewalls(() => ({ lab, nodes, look, problems, behind }));

  it("refuses an API address that another machine has, and names that machine", async () => {
    const address = lab.network.address(200);
    const stranger = lab.host("stranger");
    const api = { kind: "kube-vip", address } as const;
    assert.deepEqual(await look("server-1", { api }), []);
    await stranger.ok(`ip addr add ${address}/32 dev eth0`);
    const card = (await stranger.ok("cat /sys/class/net/eth0/address")).trim();
    const said = await look("server-1", { api });
    assert.deepEqual(said, [
      "1 finding(s) before anything was changed:",
      `- another machine (${card}) answers at the API address ${address}`,
      "  fix: choose an address that is free, outside of every DHCP range, or take it from that machine",
    ]);
    assert.deepEqual(await look("agent-1", { api }), [], "an agent has nothing to do with it");
    await stranger.ok(`ip addr del ${address}/32 dev eth0`);
    await lab.host("server-2").ok(`ip addr add ${address}/32 dev eth0`);
    assert.deepEqual(await look("server-1", { api }), [], "one of ours may have it");
    await lab.host("server-2").ok(`ip addr del ${address}/32 dev eth0`);
  });

  it("refuses an API address that is not on the servers' network, and an interface that is not there", async () => {
    const api = { kind: "kube-vip", address: "192.0.2.10", interface: "eth7" } as const;
    assert.deepEqual(problems(await look("server-1", { api })), [
      "there is no interface eth7, which the API address is to be on",
      "the API address 192.0.2.10 is on no network of this host: kube-vip cannot hold it",
    ]);
  });

  describe("at the clock", () => {
    it("says by how much it differs from that of where the files come from", async () => {
      const mirror = lab.host("stranger");
      await mirror.ok("(setsid python3 -m http.server 80 --directory /srv >/dev/null 2>&1 </dev/null &)");
      const source = { url: `http://${mirror.address}` };
      await until("the mirror answers", async () => (await mirror.run(`curl -sI ${source.url}`)).code === 0);
      assert.deepEqual(await look("server-1", { source }), []);
      await lab.host("server-1").shiftClock(-3600);
      const said = (await look("server-1", { source })).join("\n");
      await lab.host("server-1").shiftClock(0);
      assert.match(said, /^1 finding\(s\)/);
      assert.match(said, /- this clock says \S+Z: it is (3600|3599|3601) s behind that of http:\/\/10\.99\.\d+\.\d+\n/);
      assert.match(said, /fix: timedatectl set-ntp true, and see that UDP 123 leaves the network$/);
    });

    it("goes by the majority: a server that runs with a wrong clock is not held against those who have the right one", async () => {
      const [server, mirror] = [lab.host("server-2"), lab.host("stranger")];
      await server.ok(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/key -out /tmp/crt -subj /CN=x -days 9 2>/dev/null",
      );
      const tls = "c=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain('/tmp/crt','/tmp/key')";
      const serve = `h=http.server.HTTPServer(('',6443),http.server.SimpleHTTPRequestHandler); h.socket=c.wrap_socket(h.socket,server_side=True); h.serve_forever()`;
      await server.put("/tmp/serve.py", `import http.server,ssl\n${tls}\n${serve}\n`);
      const started = await server.ok(
        "export LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME=+7200; setsid python3 /tmp/serve.py >/dev/null 2>&1 </dev/null & echo $!",
      );
      await until("it serves", async () => (await server.run("curl -skI https://127.0.0.1:6443")).code === 0);
      const source = { url: `http://${mirror.address}` };
      assert.deepEqual(await look("server-1", { source }), []);
      assert.match(
        problems(await look("server-1")).join("\n"),
        /^this clock says \S+Z: it is (7199|7200|7201) s behind that of server-2$/,
        "where nobody else can be asked, one is believed",
      );
      await server.ok(`kill ${started.trim()}`);
    });

    it("says that nothing keeps it", async () => {
      const host = lab.host("server-1");
      await host.put(
        "/usr/local/bin/timedatectl",
        '#!/bin/sh\n[ "$*" = "show -p NTPSynchronized --value" ] && echo no\n',
        0o755,
      );
      assert.match(problems(await look("server-1")).join("\n"), /^the clock is not synchronised \(it says \S+Z\)$/);
      await host.ok("rm /usr/local/bin/timedatectl");
    });
  });
});
