import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@pulumi/command/local/command.js";
import {
  all,
  interpolate,
  mergeOptions,
  output,
  secret,
  type CustomResourceOptions,
  type Output,
} from "@pulumi/pulumi";
import type { Connection, Hop } from "./connection.ts";
import { scriptInput, type RemoteScriptArgs } from "./remote-script.ts";
import { renderCommand } from "./script.ts";
import type { KnownHop, KnownHost } from "./ssh.ts";

export interface AnyHostScriptArgs extends Omit<RemoteScriptArgs, "connection" | "host"> {
  /** Whom the lines are about, for the reader: the cluster's name. */
  readonly about: string;
  /** Hosts that can all do it, tried in this order. */
  readonly hosts: readonly { readonly name: string; readonly connection: Connection }[];
  /** What it means, and how it is mended, if all that can be reached ask for another host (status 75). */
  readonly none?: string;
}

/**
 * A script that any one of several hosts can run: it goes to the first that can be reached, so that a dead one does not
 * stand in the way. `@pulumi/command` cannot try a second host; this is its `local.Command` with our own SSH client.
 * Otherwise the rules of `RemoteScript` hold: idempotent, secrets on standard input, outputs secret, no `delete`.
 */
export class AnyHostScript extends Command {
  constructor(name: string, args: AnyHostScriptArgs, options: CustomResourceOptions = {}) {
    super(name, commandArgs(args), mergeOptions(options, { additionalSecretOutputs: ["stdout", "stderr"] }));
  }
}

/** Relative, so that a checkout elsewhere is not a change. */
const program = relative(process.cwd(), fileURLToPath(new URL("./any-host-main.cjs", import.meta.url)));

function commandArgs(args: AnyHostScriptArgs): ConstructorParameters<typeof Command>[1] {
  const { script, about, hosts, parameters = {}, secrets = {}, occasion, triggers = [], none = "" } = args;
  const user = hosts.map(({ connection }) => connection.user ?? "root").find((name) => name !== "root") ?? "root";
  const call = { script, host: about, secretNames: Object.keys(secrets), user };
  const command = output(parameters).apply((known) => renderCommand({ ...call, parameters: known }));
  return {
    create: `node ${program} # ${script.name}`,
    environment: { ISTHMUS_COMMAND: command, ISTHMUS_NONE: none },
    stdin: secret(interpolate`${knownHosts(hosts)}\n${scriptInput({ script }, { secrets, occasion })}`),
    triggers: [...triggers],
    logging: "none",
    addPreviousOutputInEnv: false,
  };
}

function knownHosts(hosts: AnyHostScriptArgs["hosts"]): Output<string> {
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
