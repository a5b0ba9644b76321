import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { below, readablePath, UserError } from "@isthmus/core";
import type { SitePlan } from "../plan/plans.ts";

/** A Proxmox host whose key is stated, and is not what the file says of its address. */
interface Unknown {
  readonly address: string;
  readonly hostKey: string;
  readonly key: string;
  /** Whether the file has keys of this address, and this one is not among them. */
  readonly others: boolean;
}

/**
 * The Proxmox provider brings cloud-init files, with the VMs' own private host keys, over SSH. It has no setting for a host's
 * key: it refuses one that is not in `~/.ssh/known_hosts`, and adds whatever it sees where the file has none of that address
 * (`openNodeShell` in https://github.com/bpg/terraform-provider-proxmox/blob/main/proxmox/ssh/client.go). So what the stack file
 * states has to be there before it begins. A preview opens no session.
 */
export function refuseUnknownHosts(plan: SitePlan, knownHosts: () => string = readKnownHosts): void {
  const unknown = unknownHosts(plan, knownHosts);
  if (unknown.length === 0) return;
  const lines = unknown.map(
    ({ key, others, address }) =>
      `  ${key}: ${others ? `~/.ssh/known_hosts has other keys of ${address} (ssh-keygen -R ${address})` : `~/.ssh/known_hosts has no key of ${address}`}`,
  );
  const commands = unknown.map(({ address, hostKey }) => `  echo '${address} ${hostKey}' >> ~/.ssh/known_hosts`);
  throw new UserError(
    `SSH host keys of Proxmox hosts are not known to the provider, which would trust whoever answers:\n${lines.join("\n")}\n` +
      `Add what the stack file states:\n${commands.join("\n")}`,
  );
}

function unknownHosts({ site }: SitePlan, knownHosts: () => string): Unknown[] {
  const stated = Object.entries(site.proxmox?.hypervisors ?? {}).flatMap(([name, { address, hostKey }]) => {
    const key = readablePath(below(site.from, "hosts", name, "hostKey"));
    return hostKey === undefined ? [] : [{ address, hostKey, key }];
  });
  if (stated.length === 0) return [];
  const lines = knownHosts().split("\n");
  return stated.flatMap((one) => {
    const keys = lines.flatMap((line) => keyOf(line, one.address));
    return keys.includes(one.hostKey) ? [] : [{ ...one, others: keys.length > 0 }];
  });
}

/** The key that a line states for an address: `hosts type key comment`. Lines with a marker (`@revoked`) state none. */
function keyOf(line: string, address: string): string[] {
  const [hosts = "", type, key] = line.trim().split(/\s+/);
  if (hosts.startsWith("#") || hosts.startsWith("@") || type === undefined || key === undefined) return [];
  return isFor(hosts, address) ? [`${type} ${key}`] : [];
}

/** As `man sshd` describes the file: names with commas, or one that is hashed; `*` and `?` count as themselves here. */
function isFor(hosts: string, address: string): boolean {
  const [, method, salt, hash] = hosts.split("|");
  if (method !== "1") return hosts.split(",").some((host) => host === address || host === `[${address}]:22`);
  return (
    createHmac("sha1", Buffer.from(salt ?? "", "base64"))
      .update(address)
      .digest("base64") === hash
  );
}

function readKnownHosts(): string {
  try {
    return readFileSync(join(homedir(), ".ssh", "known_hosts"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
