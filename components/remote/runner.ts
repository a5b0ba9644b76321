import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "@pulumi/command/local/command.js";
import { all, interpolate, output, secret, type Input, type Output } from "@pulumi/pulumi";
import type { Connection, Hop } from "./connection.ts";
import type { KnownHop, KnownHost } from "./ssh.ts";

/** A command line for a host, its standard input, and who may be the host. */
export interface RunnerCall {
  /** The script's name, for the reader of a diff. */
  readonly name: string;
  readonly hosts: readonly { readonly name: string; readonly connection: Connection }[];
  readonly command: Input<string>;
  readonly stdin: Input<string>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly triggers: readonly Input<string>[];
}

/** Relative, so that a checkout elsewhere is not a change. */
const program = relative(process.cwd(), fileURLToPath(new URL("./any-host-main.cjs", import.meta.url)));

/**
 * What makes `local.Command` of `@pulumi/command` start our SSH client. Its `remote.Command` hears no more of a host that dies
 * while a script runs: it has no keep-alive of SSH, and Go's of TCP end after 150 seconds (`remote/connection.go` of v1.2.1 has no
 * option for it; `net.KeepAliveConfig`: 15 s idle, then 9 probes of 15 s).
 */
export function runnerArgs(call: RunnerCall): ConstructorParameters<typeof Command>[1] {
  return {
    create: `node ${program} # ${call.name}`,
    environment: { ISTHMUS_COMMAND: call.command, ...call.environment },
    stdin: secret(interpolate`${knownHosts(call.hosts)}\n${call.stdin}`),
    triggers: [...call.triggers],
    logging: "none",
    addPreviousOutputInEnv: false,
  };
}

function knownHosts(hosts: RunnerCall["hosts"]): Output<string> {
  return all(hosts.map(({ name, connection }) => knownHost(name, connection))).apply((list) => JSON.stringify(list));
}

/** A connection with everything known, as `runOverSsh` takes it. Secret, as its private key is. */
export function knownHost(name: string, connection: Connection): Output<KnownHost> {
  const proxy = connection.proxy === undefined ? output(undefined) : knownHop(connection.proxy);
  return all([knownHop(connection), proxy]).apply(([hop, via]): KnownHost => ({
    name,
    ...hop,
    ...(via === undefined ? {} : { proxy: via }),
  }));
}

function knownHop(hop: Hop): Output<KnownHop> {
  return all([hop.host, hop.port ?? 22, hop.user ?? "root", hop.privateKey, hop.hostKey]).apply(
    ([host, port, user, privateKey, hostKey]) => ({ host, port, user, privateKey, hostKey }),
  );
}
