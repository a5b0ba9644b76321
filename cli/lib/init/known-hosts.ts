import { createHmac } from "node:crypto";
import { isHostKey } from "@isthmus/core";

/**
 * The key that a file of OpenSSH's has for any of these names: somebody who logged in has seen it. RSA keys are passed over, as
 * is what is revoked or of an authority. Format: https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT
 */
export function knownKey(file: string, names: readonly string[]): string | undefined {
  const keys = file.split("\n").flatMap((line) => {
    const [hosts = "", type = "", key = ""] = line.trim().split(/\s+/);
    const usable = !/^[#@]/.test(hosts) && type !== "ssh-rsa" && isHostKey(`${type} ${key}`);
    return usable && names.some((name) => matches(hosts, name)) ? [`${type} ${key}`] : [];
  });
  return keys.find((key) => key.startsWith("ssh-ed25519 ")) ?? keys[0];
}

function matches(hosts: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt === undefined || hash === undefined) return hosts.split(",").includes(name);
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}
