/** A cluster that somebody set up by hand, with k3s' installer alone, and what becomes of it when it is declared. */
import assert from "node:assert/strict";

import { clusterAccess, k3sSettings, planCluster } from "@isthmus/k3s";
import { lookAtCluster } from "../../../cli/lib/cluster/look.ts";
import { changed } from "../../kits/engine/harness.ts";
import { assertConverged, members, node, starts, write, written } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { holdAt } from "./steps.ts";
import { TestSite, versions } from "../../kits/site/test-site.ts";
import { etc, names, setUpByHand, toldByHand, tokens } from "./set-up-by-hand.ts";

const adopt = { serverToken: "oldServerToken", agentToken: "oldAgentToken" } as const;

describe("a cluster that is adopted", function () {
  this.timeout(240_000);
  let site: TestSite;
  let fromTheStart: TestSite["file"];
  let declared: TestSite["file"];

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: names, spare: ["agent-2"], settings: { waitSeconds: 30 } });
    fromTheStart = site.file;
    // Cluster and service CIDR are k3s' defaults, as ours are; Secrets are not encrypted by default there.
    declared = { ...site.file, tokens, settings: { ...site.file.settings, adopt, secretsEncryption: false } };
    site.file = declared;
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("is refused where no k3s runs, and nothing is started there", async () => {
    const said = await site.refuses();
    assert.match(said, /\[server-1\] because: a cluster is to be adopted, and no k3s server runs on server-1/);
    for (const name of names) {
      assert.equal(await site.host(name).ok("find /etc/rancher /var/lib/rancher -mindepth 1"), "", name);
    }
  });

  it("is not taken over where nobody asked for it, and nothing is changed", async () => {
    await setUpByHand(site);
    await write(site.host("server-1"), "from-years-ago");
    const before = await fingerprint(site);
    site.file = fromTheStart;
    const said = await site.refuses();
    for (const name of names) {
      assert.match(said, new RegExp(`\\[${name}\\] - a k3s runs here that did not come from here`));
    }
    // That run made one, which nobody needs: the guide says so.
    await site.unprotect("site-a-k3s-server-token");
    assert.deepEqual(await fingerprint(site), before);
  });

  it("is refused where it is another one than declared: everything at once, nothing changed, no secret told", async () => {
    const before = await fingerprint(site);
    site.file = { ...declared, tokens: { server: "not-the-servers-token", agent: "not-the-agents-token" } };
    site.version(versions.next);
    site.set({ clusterCidr: "10.52.0.0/16", serviceCidr: "10.53.0.0/16", secretsEncryption: true });
    site.set({ api: { kind: "external", address: "10.99.250.250" } });
    site.add("agent-2");
    const said = await site.refuses();
    for (const finding of [
      /11 finding\(s\) before anything was changed/,
      /- the server token is not the one of this cluster/,
      /- the agent token is not the one of this cluster/,
      /- agent-1 runs v1\.34\.3\+k3s1, and v1\.35\.1\+k3s1 is declared/,
      /- agent-2 is declared, and no node of this cluster/,
      /fix: declare the nodes that it has \(agent-1 server-1 server-2 server-3\); add others after the adoption/,
      /- the pods of server-1 have addresses of 10\.42\.0\.0\/24, and clusterCidr is declared as 10\.52\.0\.0\/16/,
      /- the API has the service address 10\.43\.0\.1, and serviceCidr is declared as 10\.53\.0\.0\/16/,
      /- the certificate of the API is not valid for 10\.99\.250\.250, which api\.address declares/,
      /- secretsEncryption is declared true, and is false in this cluster/,
    ]) {
      assert.match(said, finding);
    }
    assert.doesNotMatch(said, /not-the-(servers|agents)-token|chosen-/);
    assert.deepEqual(await fingerprint(site), before);
  });

  it("is refused where a node has another role than declared, either way, and nothing is changed", async () => {
    const before = await fingerprint(site);
    site.file = declared;
    site.edit("server-3", { role: "agent" });
    site.edit("agent-1", { role: "server" });
    const said = await site.refuses();
    assert.match(said, /\[server-3\] - k3s runs here as server, and this node is declared as agent/);
    assert.match(said, /\[server-3\] {3}fix: declare it as server; or .* and k3s-uninstall\.sh here/);
    assert.match(said, /\[agent-1\] - k3s runs here as agent, and this node is declared as server/);
    assert.match(said, /\[agent-1\] {3}fix: declare it as agent; or .* and k3s-agent-uninstall\.sh here/);
    assert.doesNotMatch(said, /port \d+ is taken/);
    assert.deepEqual(await fingerprint(site), before);
  });

  it("is refused where k3s is told what the stack file cannot say: by name and at once, no value told, nothing changed", async () => {
    site.file = declared;
    // Every host is looked at anew.
    site.set({ waitSeconds: 31 });
    const told = toldByHand(site);
    await Promise.all(told.map(({ host, unit, set }) => host.ok(`cp -a ${etc} ${unit} ${unit}.env /root/; ${set}`)));
    const before = await fingerprint(site);
    const said = await site.refuses();
    for (const finding of [
      /\[server-1\] - k3s is told by \/etc\/systemd\/system\/k3s\.service what the stack file cannot say, and it would be gone at its next start: cluster-domain, kube-apiserver-arg feature-gates, node-external-ip$/m,
      /\[server-1\] - k3s is told by \/etc\/systemd\/system\/k3s\.service\.env what the stack file cannot say, .*: HTTPS_PROXY$/m,
      /\[server-1\] {3}fix: .*, in \/etc\/default\/k3s, which the unit reads, too/,
      /\[server-1\] declared otherwise than it runs, and as declared from its next start on: .*etcd-snapshot-retention \(kubernetes\.snapshots\.retention\)/,
      /\[server-2\] - k3s is told by \/etc\/rancher\/k3s\/config\.yaml what the stack file cannot say, .*: tls-san old\.example$/m,
      /\[server-2\] {3}fix: .*flags as keys of \/etc\/rancher\/k3s\/config\.yaml\.d\/50-own\.yaml/,
      /\[server-2\] - flannel-backend is host-gw here \(\/etc\/rancher\/k3s\/config\.yaml\), and another is declared/,
      /\[server-3\] - k3s keeps its data in \/srv\/data here \(data-dir in \/etc\/systemd\/system\/k3s\.service\)/,
      /\[server-3\] {3}fix: .*Its etcd is well as it is: do not start it with cluster-init/,
      /\[agent-1\] - k3s is told by \/etc\/systemd\/system\/k3s-agent\.service\.env what the stack file cannot say, .*: resolv-conf$/m,
    ]) {
      assert.match(said, finding);
    }
    assert.doesNotMatch(said, /home\.lan|203\.0\.113|proxy\.example|not-told/);
    assert.deepEqual(await fingerprint(site), before);
    await Promise.all(
      told.map(({ host, unit }) => {
        const name = unit.replace(/.*\//, "");
        return host.ok(
          `rm -r ${etc}; cp -a /root/k3s ${etc}; cp -a /root/${name} /root/${name}.env /etc/systemd/system/; systemctl daemon-reload`,
        );
      }),
    );
    // Where a look was long ago, the host itself sees it, before it writes.
    site.file = declared;
    const late = site.host("server-2");
    const hold = await holdAt(late, "get k3s");
    const run = site.up();
    await hold.reached;
    await late.ok(`printf 'vpn-auth: not-told\\n' >>${etc}/config.yaml`);
    await hold.release();
    const { exitCode, text } = await run;
    assert.notEqual(exitCode, 0);
    assert.match(
      text,
      /\[server-2\] - k3s is told by \/etc\/rancher\/k3s\/config\.yaml what the stack file cannot say, .*: vpn-auth$/m,
    );
    await late.ok(`sed -i '/^vpn-auth/d' ${etc}/config.yaml`);
    // What stays and holds is nobody's loss.
    const own = "node-external-ip: 203.0.113.7\nkube-apiserver-arg+: [feature-gates=A=true]\n";
    await site.host("server-1").put("/etc/rancher/k3s/config.yaml.d/50-own.yaml", own);
    await site.host("server-1").put("/etc/default/k3s", "HTTPS_PROXY=http://proxy.example:3128\n");
  });

  it("goes on as it runs: no process ends, its nodes are known, labelled and tainted as declared", async () => {
    const before = await processes(site);
    site.file = declared;
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await processes(site), before);
    assert.deepEqual(await members(site.host("server-2")), ["server-1", "server-2", "server-3"]);
    assert.deepEqual(await written(site.host("server-3")), ["from-years-ago"]);
    for (const name of names) {
      const { metadata, spec } = await node(site, name);
      assert.equal(metadata.labels["topology.kubernetes.io/zone"], `zone-of-${name}`);
      assert.match(metadata.labels["isthmus/machine"] ?? "", /^[0-9a-f]{16}$/);
      assert.equal(metadata.labels["by-hand"], "yes");
      const keys = (spec.taints ?? []).map(({ key }) => key).sort();
      assert.deepEqual(keys, name === "agent-1" ? ["by-hand"] : ["node-role.kubernetes.io/control-plane"]);
    }
  });

  it("opens no session when nothing changed", async () => {
    const run = await site.goesUp();
    assert.deepEqual([changed(run.done), run.sessions], [[], []]);
  });

  it("tells what takes effect at the next start, and keeps what was there, for root only", async () => {
    const { nodes } = await status(site);
    for (const { node: name, drift } of nodes) {
      assert.equal(drift.length, 1, `${name}: ${drift.join("\n")}`);
      assert.match(
        drift[0] ?? "",
        /^runs as it was adopted: at its next start take effect .*protect-kernel-defaults \(kubernetes\.hardening\.cis\)/,
      );
      assert.doesNotMatch(drift[0] ?? "", /chosen/);
    }
    const kept = "/var/lib/isthmus/before-adoption";
    assert.match(await site.host("server-1").ok(`cat ${kept}/config.yaml`), /^token: chosen-years-ago$/m);
    assert.equal(await site.host("server-1").ok(`stat -c %a ${kept}`), "700\n");
  });

  it("restarts one server at a time at the first change, and is as declared from then on", async () => {
    const before = await starts(site);
    site.set({ kubeletArguments: ["max-pods=99"] });
    const run = await site.goesUp();
    await assertConverged(site);
    const again = Object.fromEntries(names.map((name) => [name, (before[name] ?? 0) + 1]));
    assert.deepEqual(await starts(site), { ...again, "agent-2": 0 });
    assert.deepEqual(
      run.sessions.filter(({ script }) => script.startsWith("install-")).map(({ host }) => host),
      names.map((name) => site.host(name).address),
    );
    assert.deepEqual(await written(site.host("server-3")), ["from-years-ago"]);
    assert.deepEqual(
      (await status(site)).nodes.flatMap(({ drift }) => drift),
      [],
    );
    // Tokens are in files of their own, no more in the unit's environment.
    assert.equal(
      (await site.host("agent-1").run("grep -rl chosen /etc/systemd /etc/rancher/k3s/config.yaml")).stdout,
      "",
    );
  });

  it("takes another node, with the tokens in the form that k3s shows them", async () => {
    const before = await starts(site);
    const long = await site.host("server-1").ok("cat /var/lib/rancher/k3s/server/token");
    assert.match(long, /^K10[0-9a-f]{64}::server:chosen-years-ago\n$/);
    site.file = { ...site.file, tokens: { ...tokens, server: long } };
    site.add("agent-2");
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await starts(site), { ...before, "agent-2": 1 });
  });

  it("keeps labels and taints true, values and removals too, and leaves what others set", async () => {
    const before = await starts(site);
    const taint = (value: string) => ({ key: "gpu", value, effect: "NoSchedule" }) as const;
    const seen = async (): Promise<unknown> => {
      const { metadata, spec } = await node(site, "agent-1");
      const taints = (spec.taints ?? []).map(({ key, value = "", effect }) => `${key}=${value}:${effect}`).sort();
      return [metadata.labels["disk"], metadata.labels["by-hand"], taints];
    };
    site.edit("agent-1", { labels: { disk: "ssd" }, taints: [taint("one")] });
    await site.goesUp();
    assert.deepEqual(await seen(), ["ssd", "yes", ["by-hand=yes:PreferNoSchedule", "gpu=one:NoSchedule"]]);
    site.edit("agent-1", { labels: { disk: "nvme" }, taints: [taint("two")] });
    await site.goesUp();
    assert.deepEqual(await seen(), ["nvme", "yes", ["by-hand=yes:PreferNoSchedule", "gpu=two:NoSchedule"]]);
    site.edit("agent-1", { labels: {}, taints: [{ ...taint("two"), effect: "PreferNoSchedule" }] });
    await site.goesUp();
    assert.deepEqual(await seen(), [undefined, "yes", ["by-hand=yes:PreferNoSchedule", "gpu=two:PreferNoSchedule"]]);
    site.edit("agent-1", { taints: [] });
    await site.goesUp();
    assert.deepEqual(await seen(), [undefined, "yes", ["by-hand=yes:PreferNoSchedule"]]);
    assert.deepEqual(await starts(site), before);
  });

  it("refuses to encrypt Secrets that k3s began without, before anything is changed", async () => {
    const before = await fingerprint(site);
    site.set({ secretsEncryption: true });
    const said = await site.refuses();
    assert.match(said, /\[server-1\] - Secrets are not encrypted in this cluster/);
    assert.match(
      said,
      /\[server-1\] {3}fix: declare secretsEncryption: false\. To encrypt them \(.*\): k3s secrets-encrypt enable on this server/,
    );
    assert.deepEqual(await fingerprint(site), before);
  });
});

/** The process of k3s on each node. */
async function processes(site: TestSite): Promise<readonly string[]> {
  return await Promise.all(
    names.map(async (name) => {
      const unit = name.startsWith("server") ? "k3s" : "k3s-agent";
      return `${name} ${await site.host(name).ok(`systemctl show -p MainPID --value ${unit}`)}`;
    }),
  );
}

/** What would be another if anything had been touched. */
async function fingerprint(site: TestSite): Promise<readonly unknown[]> {
  const files = "/etc/rancher/k3s /etc/systemd/system /usr/local/bin/k3s /etc/sysctl.d";
  const hosts = names.map((name) => site.host(name));
  const sums = hosts.map(
    async (host) => await host.ok(`find ${files} -type f 2>/dev/null -exec stat -c '%n %a %Y' {} + | sort`),
  );
  return [await Promise.all(sums), await processes(site), await starts(site)];
}

/** As `npm run status` sees it. */
async function status(site: TestSite): ReturnType<typeof lookAtCluster> {
  const { name, nodes, settings } = site.file;
  const outputs = await site.stack.outputs({ secrets: true });
  const access = clusterAccess.parse(outputs["clusterAccess"]);
  return await lookAtCluster({ plan: planCluster({ name, nodes, settings: k3sSettings.parse(settings) }), access });
}
