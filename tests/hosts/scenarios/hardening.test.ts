/** The CIS profile, switched on in a running cluster, and what of it can be seen on a host. */
import assert from "node:assert/strict";

import { changed } from "../../kits/engine/harness.ts";
import { until, type Host } from "../../kits/lab/hosts.ts";
import { assertConverged, starts, write, written } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite } from "../../kits/site/test-site.ts";

const server = "/var/lib/rancher/k3s/server";
const kernel = {
  "vm.panic_on_oom": "0",
  "vm.overcommit_memory": "1",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
} as const;

describe("the CIS profile", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", "agent-1"], settings: { hardening: { cis: false } } });
    // As a host comes from its maker: with these a kubelet of the profile ends at its start.
    for (const host of site.lab.hosts) await host.ok("sysctl -q -w vm.overcommit_memory=0 kernel.panic=0");
    await site.goesUp();
    await write(site.host("server-1"), "before-the-profile");
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("is off where it is declared off, and what holds without it holds", async () => {
    const host = site.host("server-1");
    assert.doesNotMatch(await host.ok("cat /etc/rancher/k3s/config.yaml"), /protect-kernel-defaults|audit|EventRate/);
    assert.deepEqual(await modes(host, "/etc/rancher/k3s", "f"), {
      "/etc/rancher/k3s/agent-token": "600",
      "/etc/rancher/k3s/config.yaml": "600",
      "/etc/rancher/k3s/config.yaml.d/05-registration.yaml": "600",
      "/etc/rancher/k3s/config.yaml.d/06-interface.yaml": "600",
      "/etc/rancher/k3s/config.yaml.d/10-join.yaml": "600",
      "/etc/rancher/k3s/k3s.yaml": "600",
      "/etc/rancher/k3s/token": "600",
    });
    assert.equal(await host.ok(`stat -c %a ${server}/token ${server}/db/etcd`), "600\n700\n");
    assert.match(await host.ok("k3s secrets-encrypt status"), /^Encryption Status: Enabled/);
  });

  it("refuses to end the encryption of Secrets, which would make them unreadable, and touches nothing", async () => {
    const before = await starts(site);
    site.set({ secretsEncryption: false });
    const said = await site.refuses();
    assert.match(said, /- Secrets are encrypted in this cluster, and secretsEncryption is declared false/);
    assert.match(said, /fix: take secretsEncryption out of the stack file/);
    assert.match(await site.host("server-1").ok("cat /etc/rancher/k3s/config.yaml"), /^secrets-encryption: true$/m);
    site.set({ secretsEncryption: true });
    await site.goesUp();
    assert.deepEqual(await starts(site), before);
  });

  it("is switched on one node at a time, kernel settings before the start", async () => {
    const before = await starts(site);
    site.set({ hardening: { cis: true } });
    const run = await site.goesUp();
    await assertConverged(site);
    const again = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1]));
    assert.deepEqual(await starts(site), again);
    assert.deepEqual(
      run.sessions.map(({ script }) => script).filter((script) => script.startsWith("install-")),
      ["install-server.sh", "install-agent.sh"],
    );
    assert.deepEqual(await written(site.host("server-1")), ["before-the-profile"]);
    for (const host of site.lab.hosts) {
      const found = await host.ok(`sysctl -n ${Object.keys(kernel).join(" ")}`);
      assert.deepEqual(found.trim().split("\n"), Object.values(kernel), host.name);
    }
  });

  it("has its files where k3s reads them, for root only", async () => {
    const host = site.host("server-1");
    assert.equal(
      await host.ok(`cd ${server} && stat -c '%a %n' psa.yaml audit.yaml logs logs/audit.log db/etcd`),
      "600 psa.yaml\n600 audit.yaml\n700 logs\n600 logs/audit.log\n700 db/etcd\n",
    );
    const certificates = await modes(host, `${server}/tls`, "f");
    assert.ok(Object.keys(certificates).length > 5);
    assert.deepEqual([...new Set(Object.values(certificates))], ["600"]);
    const policies = await host.ok("k3s kubectl get networkpolicies -n kube-system -o name");
    assert.match(policies, /networkpolicy\.networking\.k8s\.io\/isthmus-within-the-namespace/);
  });

  it("does not restart a node whose profile is as declared", async () => {
    const run = await site.goesUp();
    assert.deepEqual([changed(run.done), run.sessions], [[], []]);
  });

  it("survives a power cut: the kernel settings are there before k3s is", async () => {
    const host = site.host("agent-1");
    await host.powerCycle();
    const active = async (): Promise<boolean> => (await host.run("systemctl is-active --quiet k3s-agent")).code === 0;
    await until("k3s runs again", active, { timeoutMs: 60_000, everyMs: 500 });
    await assertConverged(site);
  });
});

/** Mode by path. */
async function modes(host: Host, folder: string, type: string): Promise<Readonly<Record<string, string>>> {
  const out = await host.ok(`find ${folder} -type ${type} -printf '%m %p\\n' | sort -k 2`);
  return Object.fromEntries(
    out
      .trim()
      .split("\n")
      .map((line) => line.split(" ").reverse() as [string, string]),
  );
}
