import type { Trouble } from "./trouble.ts";

/** What stands in the way of every session with this private key; nothing where it can be used. Never quotes it. */
export function unusableKey(text: string): Trouble | undefined {
  const trouble = privateKeyTrouble(text);
  if (trouble === undefined) return undefined;
  const fix =
    "set the secret that `ssh.privateKey` of the stack file names (pulumi config set --path --secret 'isthmus:secrets.NAME'), then run again";
  return { because: `the SSH private key ${trouble}`, fix, lasting: true };
}

/**
 * Why a text cannot be a private key for SSH, and what to do; nothing where it can be. What both `ssh2` and Go's `ssh.ParsePrivateKey`
 * (the Proxmox provider) read: OpenSSH's own format, and PEM of RSA and EC keys, without a passphrase.
 */
export function privateKeyTrouble(text: string): string | undefined {
  const make = "make one with: ssh-keygen -t ed25519 -N '' -f KEY";
  if (/^(ssh-|ecdsa-)/.test(text.trim())) return "is the public half of a key: take the file without .pub";
  if (text.trimStart().startsWith("PuTTY-User-Key-File")) {
    return "is a key of PuTTY: export it in OpenSSH's format (puttygen KEY.ppk -O private-openssh)";
  }
  const kind = /^\s*-----BEGIN ([A-Z0-9 ]*)-----/.exec(text)?.[1];
  if (kind === undefined) return `is no private key: ${make}`;
  if (!text.trimEnd().endsWith(`-----END ${kind}-----`))
    return `was cut off: its last line is not -----END ${kind}-----`;
  if (kind === "PRIVATE KEY") return "is in PKCS#8: convert it with: ssh-keygen -p -N '' -f KEY";
  if (!["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].includes(kind)) {
    return kind === "ENCRYPTED PRIVATE KEY" ? passphrase : `is a ${kind}, which SSH does not take: ${make}`;
  }
  return encrypted(kind, text) ? passphrase : undefined;
}

const passphrase =
  "has a passphrase, and nobody is there to type it: take it off a copy with: ssh-keygen -p -N '' -f KEY";

/** OpenSSH's format names the cipher in its first field (PROTOCOL.key), PEM in a header. */
function encrypted(kind: string, text: string): boolean {
  if (kind !== "OPENSSH PRIVATE KEY") return /^Proc-Type: 4,ENCRYPTED/m.test(text);
  const blob = Buffer.from(text.replace(/-----[^-]*-----/g, ""), "base64");
  const magic = "openssh-key-v1\0".length;
  const length = blob.length < magic + 4 ? 0 : blob.readUInt32BE(magic);
  return blob.subarray(magic + 4, magic + 4 + length).toString("latin1") !== "none";
}
