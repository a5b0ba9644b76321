import type { remote } from "@pulumi/command/types/input.js";
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
   * The host's own public key, as in `known_hosts` without the name: `ssh-ed25519 AAAA…`. Required: without it
   * `@pulumi/command` takes any host for the right one.
   */
  readonly hostKey: Input<string>;
}

/** How a script reaches its host. A change of it runs the script again, and replaces nothing. */
export interface Connection extends Hop {
  /** A host to go through. */
  readonly proxy?: Hop;
}

/** Attempts to connect, and seconds for each: about two minutes, the time in which a machine starts. */
export const dialLimits = { dialErrorLimit: 12, perDialTimeout: 10 } as const;

/** The connection in the terms of `@pulumi/command`. */
export function connectionArgs(connection: Connection): remote.ConnectionArgs {
  const args = { ...hopArgs(connection), ...dialLimits };
  return connection.proxy === undefined ? args : { ...args, proxy: { ...hopArgs(connection.proxy), ...dialLimits } };
}

function hopArgs(hop: Hop): remote.ConnectionArgs {
  return {
    host: hop.host,
    port: hop.port ?? 22,
    user: hop.user ?? "root",
    privateKey: hop.privateKey,
    hostKey: hop.hostKey,
  };
}
