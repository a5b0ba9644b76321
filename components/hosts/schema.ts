import { isHostKey } from "@isthmus/core";
import { z } from "zod";

const howToGetIt =
  "must be the machine's SSH public key, such as ssh-ed25519 AAAA…: take the last two words that" +
  " `ssh-keyscan -t ed25519 <address>` prints, and compare them on the machine's console with" +
  " `cat /etc/ssh/ssh_host_ed25519_key.pub`";

/** `provider/pkg/provider/remote/connection.go` of pulumi-command v1.2.1: `HostKeyAlgorithms` is the key's type, for RSA a signature with SHA-1. */
const rsa = `is an RSA key, by which @pulumi/command asks for a signature with SHA-1 that no sshd makes since OpenSSH 8.8: ${howToGetIt}`;

const hostKey = z
  .string({ error: (issue) => (issue.input === undefined ? `is missing: ${howToGetIt}` : undefined) })
  .refine(isHostKey, { error: howToGetIt })
  .refine((text) => !text.startsWith("ssh-rsa "), { error: rsa });

export const linuxUser = z.string().regex(/^[a-z_][-a-z0-9_]{0,31}$/, "must be a Linux user name");

/** A machine that is there already, such as a Raspberry Pi or a desktop; stands at the machine. */
export const hostSchema = z.strictObject({
  address: z
    .string()
    .regex(/^[A-Za-z0-9]([-.:A-Za-z0-9]*[A-Za-z0-9])?$/, "must be an address or a DNS name")
    .optional()
    .describe("Where SSH reaches it, if that is not the machine's address as a node."),
  port: z.int().min(1).max(65535).default(22).describe("TCP port of SSH. Default: 22."),
  user: linuxUser
    .optional()
    .describe("Who logs in: root, or somebody who may call sudo without a password. Default: `ssh.user` of the site."),
  hostKey: hostKey.describe(
    "The machine's own SSH public key, `ssh-ed25519 AAAA…`: a machine that shows another one is not trusted.",
  ),
});

/** As the stack file says, with what the site says of all its machines. */
export type HostSettings = z.infer<typeof hostSchema> & { readonly user: string };
