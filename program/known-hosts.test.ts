import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hypervisorSchema } from "@isthmus/proxmox";
import { load } from "../config/load.ts";
import { catalogue } from "../plan/catalogue.ts";
import { planFleet } from "../plan/fleet.ts";
import type { SitePlan } from "../plan/plans.ts";
import { refuseUnknownHosts } from "./known-hosts.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOVJtx5noboPwuxEGJsK+2DplvDXJqhiSzu7I5SxM3z";
const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDLD8n8UnMwlcsCMxYJijMQaTgyvhEcKDkuUzOaV4hCt";

const loaded = load(join(import.meta.dirname, ".."), catalogue);
assert.ok("model" in loaded);
const [siteA] = planFleet(loaded.model).sites as [SitePlan];

/** Site A of the default stacks, with a key for its first Proxmox host at 10.0.10.11. */
function pinned(): SitePlan {
  const { proxmox } = siteA.site;
  assert.ok(proxmox);
  const [name = ""] = Object.keys(proxmox.hypervisors);
  const first = { ...proxmox.hypervisors[name]!, hostKey: key };
  return {
    ...siteA,
    site: { ...siteA.site, proxmox: { ...proxmox, hypervisors: { ...proxmox.hypervisors, [name]: first } } },
  };
}

function refusal(knownHosts: string, plan = pinned()): string {
  try {
    refuseUnknownHosts(plan, () => knownHosts);
    return "";
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}

describe("SSH host keys of Proxmox hosts", () => {
  it("are not looked for where none is stated", () => {
    assert.equal(refusal("", siteA), "");
  });

  it("are refused where the provider would trust whoever answers, with the line to add", () => {
    const said = refusal(`10.0.10.12 ${key}\n# 10.0.10.11 ${key}\n@revoked 10.0.10.11 ${key}\n10.0.10.110 ${key}\n`);
    assert.match(said, /hosts\.pve-a-1\.hostKey: ~\/\.ssh\/known_hosts has no key of 10\.0\.10\.11/);
    assert.ok(said.includes(`echo '10.0.10.11 ${key}' >> ~/.ssh/known_hosts`), said);
  });

  it("are refused where the file has another key of the address", () => {
    assert.match(refusal(`10.0.10.11 ${other}`), /has other keys of 10\.0\.10\.11 \(ssh-keygen -R 10\.0\.10\.11\)/);
  });

  it("are in order where the file has it: plain, beside others, or hashed by ssh-keygen itself", () => {
    assert.equal(refusal(`10.0.10.11 ${key} root@pve\n`), "");
    assert.equal(refusal(`pve-a-1,10.0.10.11 ${other}\npve-a-1,10.0.10.11 ${key}\n`), "");
    const folder = mkdtempSync(join(tmpdir(), "isthmus-known-"));
    try {
      const file = join(folder, "known_hosts");
      writeFileSync(file, `10.0.10.12 ${other}\n10.0.10.11 ${key}\n`);
      execFileSync("ssh-keygen", ["-H", "-f", file], { stdio: "ignore" });
      const hashed = readFileSync(file, "utf8");
      assert.doesNotMatch(hashed, /10\.0/);
      assert.equal(refusal(hashed), "");
      assert.match(refusal(hashed.replaceAll(key, other)), /has other keys/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("have to be keys", () => {
    const errors = (hostKey: string): string[] => {
      const host = { address: "10.0.10.11", cores: 8, memory: "16Gi", hostKey };
      return hypervisorSchema.safeParse(host).error?.issues.map(({ message }) => message) ?? [];
    };
    assert.deepEqual(errors(key), []);
    assert.match(errors("AAAA")[0] ?? "", /must be the host's SSH public key/);
    assert.match(errors("ssh-rsa AAAA")[0] ?? "", /must be the host's SSH public key/);
  });
});
