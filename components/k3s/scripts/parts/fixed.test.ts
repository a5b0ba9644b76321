import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadScript } from "@isthmus/remote/script";

const parts = ["common", "fixed"].map((name) => new URL(`./${name}.sh`, import.meta.url));
const [first = new URL("."), ...others] = parts;
const { text } = loadScript(first, ...others);

/** What a server was last told, as our config.yaml says it. */
const told = `cluster-cidr: 10.42.0.0/16
flannel-backend: vxlan
node-ip: 10.0.20.11
secrets-encryption: true
service-cidr: 10.43.0.0/16
`;
const declared = {
  CLUSTER_CIDR: "10.42.0.0/16",
  SERVICE_CIDR: "10.43.0.0/16",
  FLANNEL: "vxlan",
  SECRETS_ENCRYPTION: "true",
  ADDRESS: "10.0.20.11",
};

interface Server {
  readonly config?: string;
  readonly member?: string;
  readonly etcd?: boolean;
}

/** What a server finds that cannot be: `etcd` is whether it is a member, `member` where etcd has it, if the API answers. */
function refused(
  changes: Readonly<Record<string, string>>,
  { config = told, member = "", etcd = true }: Server = {},
): string[] {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-fixed-"));
  mkdirSync(join(folder, "server/cred"), { recursive: true });
  if (etcd) mkdirSync(join(folder, "server/db/etcd"), { recursive: true });
  writeFileSync(join(folder, "config.yaml"), config);
  writeFileSync(join(folder, "server/cred/encryption-config.json"), "{}");
  const script = `set -Eeuo pipefail
${text}
kube() { printf %s "$MEMBER"; }
K3S_DATA=${folder} K3S_ETC=${folder} NODE=server-1
finding() { printf '%s\\n' "$1"; }
fixed_changes finding`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], {
    env: { PATH: process.env["PATH"], ...declared, ...changes, MEMBER: member },
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("what is decided when the cluster begins", () => {
  it("is nothing to a server that is told the same, or is no member yet", () => {
    assert.deepEqual(refused({}), []);
    assert.deepEqual(
      refused({ ADDRESS: "10.0.20.99", CLUSTER_CIDR: "10.52.0.0/16", FLANNEL: "none" }, { etcd: false }),
      [],
    );
  });

  it("is the networks, the address of a server, another CNI and encryption: all at once", () => {
    const all = {
      CLUSTER_CIDR: "10.52.0.0/16",
      SERVICE_CIDR: "10.53.0.0/16",
      FLANNEL: "none",
      SECRETS_ENCRYPTION: "false",
    };
    assert.deepEqual(refused({ ...all, ADDRESS: "10.0.20.99" }), [
      "cluster-cidr is 10.42.0.0/16 in this cluster, and 10.52.0.0/16 is declared",
      "service-cidr is 10.43.0.0/16 in this cluster, and 10.53.0.0/16 is declared",
      "this server is a member of etcd at 10.0.20.11, and 10.0.20.99 is declared",
      "flannel is vxlan in this cluster, and none is declared",
      "Secrets are encrypted in this cluster, and secretsEncryption is declared false",
    ]);
  });

  it("is not a backend of flannel: that is carried through on every node", () => {
    assert.deepEqual(refused({ FLANNEL: "wireguard-native" }), []);
    assert.deepEqual(refused({}, { config: told.replace("vxlan", "none") }), [
      "flannel is none in this cluster, and vxlan is declared",
    ]);
  });

  it("is where etcd has the server, whatever a run that failed wrote into its configuration", () => {
    const written = told.replace("10.0.20.11", "10.0.20.99");
    assert.deepEqual(refused({ ADDRESS: "10.0.20.99" }, { config: written, member: "10.0.20.11" }), [
      "this server is a member of etcd at 10.0.20.11, and 10.0.20.99 is declared",
    ]);
    assert.deepEqual(refused({}, { config: written, member: "10.0.20.11" }), []);
  });

  it("is compared only where the configuration says it: of one that others wrote k3s' defaults may be all", () => {
    assert.deepEqual(refused({}, { config: "token: abc\n" }), []);
  });
});
