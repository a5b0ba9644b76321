import type { Input } from "@pulumi/pulumi";

/** How a host is reached over SSH. */
export interface Hop {
  /** Address or name. */
  readonly host: Input<string>;
  /** TCP port. Default: 22. */
  readonly port?: Input<number>;
  /** `root`, or somebody who may call `sudo` without a password. Default: `root`. */
  readonly user?: string;
  /** Private key, OpenSSH or PEM format. Secret. */
  readonly privateKey: Input<string>;
  /**
   * The host's own public key, as in `known_hosts` without the name: `ssh-ed25519 AAAA…` or ECDSA; of RSA keys
   * `remote.Command` asks for SHA-1. A host that shows another key is not trusted.
   */
  readonly hostKey: Input<string>;
}

/** How a script reaches its host. A change of it runs the script again, and replaces nothing. */
export interface Connection extends Hop {
  /** A host to go through. */
  readonly proxy?: Hop;
}
