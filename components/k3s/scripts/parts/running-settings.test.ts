import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const part = (name: string): string => fileURLToPath(new URL(`./${name}.sh`, import.meta.url));

interface Told {
  /** As `systemctl cat` shows it. */
  readonly unit?: string;
  readonly config?: string;
  /** Files of config.yaml.d. */
  readonly more?: Readonly<Record<string, string>>;
  readonly declared?: string;
}

const file = "/etc/systemd/system/k3s.service";
const unitOf = (command: string): string =>
  `# ${file}\n[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n${command}\n`;

/** What scripts make of it: the settings, or what stands in the way of an adoption. */
function from(told: Told, code: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-settings-"));
  try {
    mkdirSync(join(folder, "config.yaml.d"));
    if (told.config !== undefined) writeFileSync(join(folder, "config.yaml"), told.config);
    for (const [name, text] of Object.entries(told.more ?? {}))
      writeFileSync(join(folder, "config.yaml.d", name), text);
    const text = `set -Eeuo pipefail; export LC_ALL=C
UNIT=k3s K3S_ETC=${folder} K3S_DATA=/var/lib/rancher/k3s RECORD=/nowhere NODE=server-1 ADDRESS=10.0.0.1 API_ADDRESS=10.0.0.9 ADOPT=true RUNS=1 OTHER_RUNS=
DECLARED=$(cat)
systemctl() { printf '%s' "$TOLD_UNIT"; }
say() { printf 'say %s\\n' "$1"; }
finding() { printf -- '- %s\\n' "$1"; }
. ${part("settings")}
. ${part("adoptable")}
${code}`;
    const run = spawnSync("bash", ["-c", text], {
      encoding: "utf8",
      input: told.declared ?? "",
      env: { ...process.env, TOLD_UNIT: told.unit ?? "" },
    });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replaceAll(folder, "ETC"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const settings = (told: Told): readonly string[] =>
  from(told, "settings_here").map((line) => line.replaceAll("\t", " | "));
const findings = (told: Told): readonly string[] => from(told, "check_adoption");

describe("what a k3s of others is told", () => {
  it("is read from the unit's arguments, as systemd takes them apart", () => {
    const unit = unitOf(
      "\t'--cluster-domain' \\\n\t'home.lan' \\\n\t--disable=traefik --selinux --node-label \"a b=c\" -t secret --debug --data-dir /srv/x \\\n",
    );
    assert.deepEqual(settings({ unit }), [
      `gone | cluster-domain | home.lan | ${file}`,
      `gone | disable | traefik | ${file}`,
      `gone | selinux | true | ${file}`,
      `gone | node-label | a b=c | ${file}`,
      `gone | token | secret | ${file}`,
      `gone | debug | true | ${file}`,
      `gone | data-dir | /srv/x | ${file}`,
    ]);
  });

  it("is what a drop-in says in its place, which stays, and its environment", () => {
    const drop = `${file}.d/10-own.conf`;
    const unit = `${unitOf("\t--cluster-domain home.lan\n")}\n# ${drop}\n[Service]\nEnvironment="HTTPS_PROXY=http://a:1" K3S_NODE_NAME=one FOO=bar\nExecStart=\nExecStart=/usr/local/bin/k3s server --with-node-id\n`;
    assert.deepEqual(settings({ unit }), [
      `kept | HTTPS_PROXY | http://a:1 | ${drop}`,
      `kept | node-name | one | ${drop}`,
      `kept | with-node-id | true | ${drop}`,
    ]);
  });

  it("is read from YAML as people write it", () => {
    const config = `# mine\ntls-san: [a.example, "b.example"] # both\n"write-kubeconfig-mode": '0644'\nkubelet-arg+:\n- max-pods=5 # few\n- 'x=y # z'\ncluster-init: true\nempty:\n`;
    const more = { "50-own.yaml": "debug: true\n", "10-join.yaml": "server: https://a:6443\n", "notes.txt": "a: b\n" };
    assert.deepEqual(settings({ config, more }), [
      "gone | tls-san | a.example | ETC/config.yaml",
      "gone | tls-san | b.example | ETC/config.yaml",
      "gone | write-kubeconfig-mode | 0644 | ETC/config.yaml",
      "gone | kubelet-arg | max-pods=5 | ETC/config.yaml",
      "gone | kubelet-arg | x=y # z | ETC/config.yaml",
      "gone | cluster-init | true | ETC/config.yaml",
      "kept | debug | true | ETC/config.yaml.d/50-own.yaml",
    ]);
  });

  it("is nobody's loss where it is declared, stays, follows from what is there, or is what k3s does anyway", () => {
    const declared = "disable:\n  - servicelb\n  - traefik\ntls-san:\n  - 10.0.0.9\n";
    const config =
      "cluster-init: true\ntoken: x\ndisable: traefik\ntls-san: 10.0.0.9\nwrite-kubeconfig: /etc/rancher/k3s/k3s.yaml\nselinux: false\ndata-dir: /var/lib/rancher/k3s/\n";
    const unit = unitOf("\t--cluster-domain home.lan --node-label a=b\n");
    assert.deepEqual(findings({ declared, config, unit, more: { "50-own.yaml": "cluster-domain: home.lan\n" } }), []);
  });

  it("is told by name where it would be gone, by its key where the stack file says otherwise, and never by its value", () => {
    const config =
      "cluster-dns: 10.43.0.99\nkubelet-arg: [v=9]\netcd-snapshot-retention: 77\nvpn-auth: not-to-be-told\n";
    assert.deepEqual(findings({ config, declared: "etcd-snapshot-retention: 28\n" }), [
      "- k3s is told by ETC/config.yaml what the stack file cannot say, and it would be gone at its next start: cluster-dns, vpn-auth",
      "say declared otherwise than it runs, and as declared from its next start on: etcd-snapshot-retention (kubernetes.snapshots.retention), kubelet-arg v (kubernetes.kubeletArguments)",
    ]);
  });

  it("is refused wherever it stands where nothing of ours would reach it", () => {
    const more = { "50-own.yaml": "data-dir: /srv/k3s\nhttps-listen-port: 7443\n" };
    assert.deepEqual(findings({ more }), [
      "- k3s keeps its data in /srv/k3s here (data-dir in ETC/config.yaml.d/50-own.yaml), and nothing of ours looks anywhere but in /var/lib/rancher/k3s",
      "- https-listen-port is set here (ETC/config.yaml.d/50-own.yaml), and nothing of ours reaches such a k3s",
    ]);
    assert.deepEqual(findings({ declared: "flannel-backend: host-gw\n" }), [
      "- flannel-backend is vxlan here (k3s' default), and another is declared: nodes with the old one and the new one do not reach each other",
    ]);
    assert.deepEqual(findings({ declared: "flannel-backend: vxlan\n" }), []);
    assert.deepEqual(findings({ config: "node-name: other\nnode-ip: 10.0.0.2\nflannel-backend: host-gw\n" }), [
      "- this node is called other by ETC/config.yaml, and is declared as server-1",
      "- node-ip is 10.0.0.2 here (ETC/config.yaml), and 10.0.0.1 is declared",
      "- flannel-backend is host-gw here (ETC/config.yaml), and another is declared: nodes with the old one and the new one do not reach each other",
    ]);
  });
});
