import { Command } from "@pulumi/command/local/command.js";
import { mergeOptions, output, type CustomResourceOptions } from "@pulumi/pulumi";
import type { Connection } from "./connection.ts";
import { detached } from "./detached.ts";
import { scriptInput, type RemoteScriptArgs } from "./remote-script.ts";
import { runnerArgs } from "./runner.ts";
import { renderCommand } from "./script.ts";

export interface AnyHostScriptArgs extends Omit<RemoteScriptArgs, "connection" | "host"> {
  /** Whom the lines are about, for the reader: the cluster's name. */
  readonly about: string;
  /** Hosts that can all do it, tried in this order. */
  readonly hosts: readonly { readonly name: string; readonly connection: Connection }[];
  /** What it means, and how it is fixed, if all that can be reached ask for another host (status 75). */
  readonly none?: string;
  /** Its `dependsOn` says all that it waits for: what its hosts and `rerunOn` come from is before that. Default: false. */
  readonly waitsAsTold?: boolean;
}

/**
 * A script that any one of several hosts can run: it goes to the first that can be reached, so that a dead one does not
 * stand in the way. One `command:local:Command`, with our own SSH client.
 * Otherwise the rules of `RemoteScript` hold: idempotent, secrets on standard input, outputs secret, no `delete`.
 */
export class AnyHostScript extends Command {
  constructor(name: string, args: AnyHostScriptArgs, options: CustomResourceOptions = {}) {
    super(name, commandArgs(args), mergeOptions(options, { additionalSecretOutputs: ["stdout", "stderr"] }));
  }
}

function commandArgs(args: AnyHostScriptArgs): ConstructorParameters<typeof Command>[1] {
  const { script, about, hosts, parameters = {}, secrets = {}, rerunOn, triggers = [], none = "" } = args;
  const user = hosts.map(({ connection }) => connection.user ?? "root").find((name) => name !== "root") ?? "root";
  const call = { script, host: about, secretNames: Object.keys(secrets), user };
  const made = runnerArgs({
    name: script.name,
    hosts,
    command: output(parameters).apply((known) => renderCommand({ ...call, parameters: known })),
    stdin: scriptInput({ script }, { secrets, rerunOn }),
    environment: { ISTHMUS_NONE: none },
    triggers,
  });
  return args.waitsAsTold === true ? { ...made, stdin: detached(output(made?.stdin ?? "")) } : made;
}
