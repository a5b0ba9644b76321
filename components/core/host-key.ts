import { createHash } from "node:crypto";

/** Whether this is the public key of an SSH host. Two words: a key type, and a key whose first field is that same type (RFC 4253, 6.6). */
export function isHostKey(text: string): boolean {
  const [type = "", key = "", ...others] = text.split(" ");
  if (others.length > 0 || !/^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa)$/.test(type)) return false;
  const [first, ...numbers] = fieldsOf(Buffer.from(key, "base64"));
  return first?.toString("latin1") === type && numbers.length > 0;
}

/** The fields of a key, each with its length before it; none where the lengths do not add up. */
function fieldsOf(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length ? fields : [];
}

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** Stands where a machine's key is not known yet. Nobody has its private half: no machine is trusted by it. */
export const unknownHostKey = `ssh-ed25519 ${Buffer.concat([
  field(Buffer.from("ssh-ed25519")),
  field(createHash("sha256").update("Isthmus: the key of this machine is not known yet").digest()),
]).toString("base64")}`;
