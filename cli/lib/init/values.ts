import { isHostKey, type Architecture } from "@isthmus/core";

/** Reads a site's name. Throws an `Error` that says what would be right, as all of these do. */
export function readSite(typed: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(typed)) return typed;
  throw new Error("A site's name has lower case letters, digits and dashes.");
}

/** Reads a network in CIDR notation. */
export function readNetwork(typed: string): string {
  const [, octets = "", bits = ""] = /^([0-9.]+)\/(\d{1,2})$/.exec(typed) ?? [];
  const parts = octets.split(".");
  const right = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  if (right && Number(bits) <= 32) return typed;
  throw new Error("A network is such as 192.168.1.0/24.");
}

/** Reads `NAME=KEY`. */
export function readHostKey(typed: string): readonly [name: string, key: string] {
  const at = typed.indexOf("=");
  const [name, key] = [typed.slice(0, at), typed.slice(at + 1).trim()];
  if (at > 0 && isHostKey(key)) return [name, key];
  throw new Error("A key is NAME=ssh-ed25519 AAAA…, as `ssh-keyscan -t ed25519 ADDRESS` prints after the address.");
}

/** Reads `arm64=HEX`. Throws an `Error` that says what would be right. */
export function readChecksum(typed: string): readonly [Architecture, string] {
  const [, architecture, digest] = /^(amd64|arm64)=([0-9a-f]{64})$/.exec(typed) ?? [];
  if (architecture === undefined || digest === undefined)
    throw new Error("A checksum is ARCHITECTURE=SHA256, such as arm64= and 64 hexadecimal digits.");
  return [architecture === "arm64" ? "arm64" : "amd64", digest];
}
