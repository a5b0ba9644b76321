import type { Input } from "@pulumi/pulumi";

/**
 * What work on a machine needs to know of it, whoever made it: a VM and a Raspberry Pi look alike from here. Who logs in
 * with which key is the caller's; nothing here is secret.
 */
export interface MachineConnection {
  readonly name: string;
  /** Where SSH reaches it. */
  readonly address: string;
  /** TCP port of SSH. */
  readonly port: number;
  /** `root`, or somebody who may call `sudo` without a password. */
  readonly user: string;
  /** The machine's own SSH public key, `ssh-ed25519 AAAA…`: known before the first connection. */
  readonly hostKey: Input<string>;
  /** Another value when the machine became another one. Belongs in `triggers` of what was done on it. */
  readonly machineId: Input<string>;
}
