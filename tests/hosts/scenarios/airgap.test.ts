/** A site that reaches nothing but its own mirror, and its own registry. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";

import { changed } from "../../kits/engine/harness.ts";
import type { Host } from "../../kits/lab/hosts.ts";
import { standIn } from "../../kits/k3s/k3s.ts";
import { assertConverged, starts } from "../../kits/site/cluster-state.ts";
import { ReleaseMirror } from "./release-mirror.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite, versions } from "../../kits/site/test-site.ts";

/** As a stack file states them, whole. */
interface Sums {
  readonly binary: string;
  readonly images: string;
}
type Checksums = { readonly installer: string } & Readonly<Record<"amd64" | "arm64", Sums>>;

const images = "/var/lib/rancher/k3s/agent/images";
// What runs these tests is one of both; the agent claims to be the other one.
const [own, other] = process.arch === "arm64" ? (["arm64", "amd64"] as const) : (["amd64", "arm64"] as const);
const machineName = { amd64: "x86_64", arm64: "aarch64" } as const;
const binaryName = { amd64: "k3s", arm64: "k3s-arm64" } as const;
const archive = (architecture: string): string => `k3s-airgap-images-${architecture}.tar.zst`;
const wrong = "0".repeat(64);

describe("a site without a way out", function () {
  this.timeout(240_000);
  let site: TestSite;
  let mirror: ReleaseMirror;
  let first: Checksums;
  let next: Checksums;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", "agent-1"], spare: ["agent-2"] });
    mirror = await ReleaseMirror.start(site.lab.network.address(1));
    first = await release(mirror, versions.first);
    next = await release(mirror, versions.next);
    await pretendToBe(site.host("agent-1"), machineName[other]);
    site.set({ checksums: first, source: { url: mirror.url, images: true } });
  });
  after(async () => {
    await (mirror as ReleaseMirror | undefined)?.close();
    await (site as TestSite | undefined)?.destroy();
  });

  it("says that k3s needs a default route, and how to make one that leads nowhere", async () => {
    const host = site.host("server-1");
    await host.ok("ip route del default");
    const said = await site.refuses();
    assert.match(said, /\[server-1\] - there is no default route, which k3s needs/);
    assert.match(said, /\[server-1\] {3}fix: add one, were it to nowhere.*ip link add dummy0 type dummy/);
    await assertUntouched(host);
    // Not every kernel has dummy interfaces.
    await host.ok("ip link add nowhere0 type bridge && ip addr add 203.0.113.254/31 dev nowhere0");
    await host.ok("ip link set nowhere0 up && ip route add default via 203.0.113.255 dev nowhere0 metric 1000");
  });

  it("says that a host does not trust the mirror, and what to declare", async () => {
    const said = await site.refuses();
    assert.match(said, /because: the certificate of the source is from an authority that this host does not trust/);
    assert.match(said, /to fix: give the certificate of that authority in the stack file, as source\.ca/);
    await assertUntouched(site.host("server-1"));
    site.set({ source: { url: mirror.url, images: true, ca: mirror.ca } });
  });

  it("refuses a file with another checksum, with what it found, before anything is changed", async () => {
    const found = first[own];
    const cases: readonly (readonly [Checksums, string, string])[] = [
      [{ ...first, [own]: { ...found, binary: wrong } }, binaryName[own], found.binary],
      [{ ...first, [own]: { ...found, images: wrong } }, archive(own), found.images],
      [{ ...first, installer: wrong }, "install.sh", first.installer],
    ];
    for (const [checksums, file, sum] of cases) {
      site.set({ checksums });
      const said = await site.refuses();
      assert.ok(said.includes(`/${file} has the SHA-256 ${sum}, and ${wrong} is declared`), said);
      await assertUntouched(site.host("server-1"));
    }
    site.set({ checksums: first });
  });

  it("goes up from the mirror alone, each node with the files of its architecture", async () => {
    await site.goesUp();
    await assertConverged(site);
    const expected = [
      ["server-1", first[own], archive(own)],
      ["agent-1", first[other], archive(other)],
    ] as const;
    for (const [name, sums, file] of expected) {
      const host = site.host(name);
      const found = await host.ok(`sha256sum /usr/local/bin/k3s ${images}/* | cut -d' ' -f1`);
      assert.deepEqual(found.trim().split("\n"), [sums.binary, sums.images], name);
      assert.equal(await host.ok(`stat -c '%a %n' ${images}/*`), `600 ${images}/${file}\n`);
      assert.equal(await host.ok("find /var/lib/isthmus/release -type f ! -name ca.crt"), "");
    }
    assert.ok(mirror.requests().includes(`200 /${versions.first}/${binaryName[other]}`));
    const run = await site.goesUp();
    assert.deepEqual([changed(run.done), run.sessions], [[], []]);
  });

  it("changes nothing of a running node where a file of the next version is not the declared one", async () => {
    const before = await stateOf(site);
    const sums = next[own];
    site.set({ version: versions.next, checksums: { ...next, [own]: { ...sums, images: wrong } } });
    assert.match(await site.refuses(), new RegExp(`${archive(own)} has the SHA-256 ${sums.images}`));
    assert.deepEqual(await stateOf(site), before);
    site.set({ version: versions.first, checksums: first });
    await site.goesUp();
    assert.deepEqual(await stateOf(site), before);
  });

  it("takes the files from a folder on the host, further image archives included", async () => {
    const before = await starts(site);
    const folder = `/srv/k3s/${versions.first}`;
    for (const name of ["server-1", "agent-1", "agent-2"]) {
      for (const architecture of ["amd64", "arm64"]) {
        await site.host(name).put(`${folder}/${archive(architecture)}`, `images for ${architecture}`);
      }
      await site.host(name).put(`${folder}/kube-vip.tar`, "kube-vip");
    }
    const sums = first[own];
    const kubeVip = mirror.put("kube-vip.tar", "kube-vip");
    const checksums = { ...first, [own]: { ...sums, archives: { "kube-vip.tar": kubeVip } } };
    site.set({ checksums, source: { folder: "/srv/k3s", images: true } });
    site.add("agent-2");
    const asked = mirror.requests().length;
    await site.goesUp();
    await assertConverged(site);
    assert.equal(mirror.requests().length, asked);
    assert.equal(
      await site.host("agent-2").ok(`cd ${images} && sha256sum *`),
      `${sums.images}  ${archive(own)}\n${kubeVip}  kube-vip.tar\n`,
    );
    assert.deepEqual(await starts(site), { ...before, "agent-2": 1 });
  });

  it("gives the nodes the site's registries, and restarts them one at a time for it", async () => {
    const before = await starts(site);
    const registry = "registry.site-a.internal:5000";
    site.set({
      registries: {
        mirrors: { "docker.io": [`https://${registry}`], "*": [`https://${registry}`] },
        rewrites: { "docker.io": { "^(.*)": "docker/$1" } },
        logins: { [registry]: { username: "nodes", password: "registryPassword" } },
        authorities: { [registry]: mirror.ca },
        fallback: false,
        embedded: true,
      },
    });
    site.file = { ...site.file, secrets: { registryPassword: "not-for-everybody" } };
    const run = await site.goesUp();
    await assertConverged(site);
    assert.doesNotMatch(run.text, /not-for-everybody/);
    const again = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1]));
    assert.deepEqual(await starts(site), again);
    const [install, ...others] = run.sessions.filter(({ script }) => script.startsWith("install-"));
    assert.deepEqual([install?.script, others.length], ["install-server.sh", 2]);
    for (const { name, role } of site.file.nodes) {
      const host = site.host(name);
      assert.equal(await host.ok("cat /etc/rancher/k3s/registries.yaml"), registriesOf(registry), name);
      assert.equal(await host.ok("stat -c %a /etc/rancher/k3s/registries.yaml"), "600\n");
      assert.equal(await host.ok("cat /etc/rancher/k3s/registries/registry.site-a.internal_5000.crt"), mirror.ca);
      const config = await host.ok("cat /etc/rancher/k3s/config.yaml");
      assert.match(config, /^disable-default-registry-endpoint: true$/m);
      assert.equal(/^embedded-registry: true$/m.test(config), role === "server", name);
    }
    const same = await site.goesUp();
    assert.deepEqual([changed(same.done), same.sessions], [[], []]);
  });

  it("restarts for another password, and takes the file away with what it is for", async () => {
    const before = await starts(site);
    site.file = { ...site.file, secrets: { registryPassword: "another-one" } };
    await site.goesUp();
    assert.match(await site.host("agent-1").ok("cat /etc/rancher/k3s/registries.yaml"), /password: another-one/);
    site.set({ registries: {} });
    await site.goesUp();
    await assertConverged(site);
    await site.host("agent-1").ok("test ! -e /etc/rancher/k3s/registries.yaml");
    const again = Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 2]));
    assert.deepEqual(await starts(site), again);
  });
});

/** Both architectures of a version, as k3s publishes them. */
async function release(mirror: ReleaseMirror, version: string): Promise<Checksums> {
  const k3s = await standIn(version);
  const binary = readFileSync(k3s.binary);
  const afterLine = binary.indexOf("\n") + 1;
  // Another file that does the same.
  const foreign = Buffer.concat([binary.subarray(0, afterLine), Buffer.from("#\n"), binary.subarray(afterLine)]);
  const sumsOf = (architecture: "amd64" | "arm64"): { binary: string; images: string } => ({
    binary: mirror.put(`${version}/${binaryName[architecture]}`, architecture === own ? binary : foreign),
    images: mirror.put(`${version}/${archive(architecture)}`, `images for ${architecture}`),
  });
  return {
    installer: mirror.put(`${version}/install.sh`, readFileSync(k3s.installer)),
    amd64: sumsOf("amd64"),
    arm64: sumsOf("arm64"),
  };
}

async function pretendToBe(host: Host, machine: string): Promise<void> {
  const script = `#!/bin/sh\n[ "$1" = -m ] && echo ${machine} || exec /usr/bin/uname "$@"\n`;
  await host.put("/usr/local/sbin/uname", script, 0o755);
}

/** Nothing of k3s is on the host, neither a file nor a unit. */
async function assertUntouched(host: Host): Promise<void> {
  const places = "/etc/rancher /var/lib/rancher /usr/local/bin/k3s /etc/systemd/system/k3s.service";
  assert.equal(await host.ok(`find ${places} -type f 2>/dev/null || true`), "");
}

async function stateOf(site: TestSite): Promise<readonly unknown[]> {
  const files = "/usr/local/bin/k3s /etc/rancher/k3s/config.yaml /etc/systemd/system/k3s*.service";
  const hosts = site.file.nodes.map(({ name }) => site.host(name));
  return [
    await Promise.all(hosts.map(async (host) => await host.ok(`sha256sum ${files} ${images}/*`))),
    await starts(site),
  ];
}

function registriesOf(registry: string): string {
  return `mirrors:
  "*":
    endpoint:
      - https://${registry}
  docker.io:
    endpoint:
      - https://${registry}
    rewrite:
      ^(.*): docker/$1
configs:
  ${registry}:
    auth:
      username: nodes
      password: not-for-everybody
    tls:
      ca_file: /etc/rancher/k3s/registries/registry.site-a.internal_5000.crt
`;
}
