import { Command } from "@pulumi/command/local/command.js";
import {
  all,
  interpolate,
  mergeOptions,
  output,
  secret,
  type CustomResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";
import type { Connection } from "./connection.ts";
import type { Parameters } from "./quoting.ts";
import { runnerArgs } from "./runner.ts";
import { renderCommand, renderInput, withShortCommand, type Script, type ScriptInput } from "./script.ts";

export interface RemoteScriptArgs {
  /** The script, from `loadScript`. A change of its text runs it again. */
  readonly script: Script;
  /** The host's name, for the lines that the script prints. */
  readonly host: string;
  readonly connection: Connection;
  /** What the script is told, by variable name. Shown in diffs, the short ones in errors: nothing secret. A change runs it again. */
  readonly parameters?: Input<Parameters>;
  /** Variables that reach the script over standard input only. A change runs it again. */
  readonly secrets?: Readonly<Record<string, Input<string>>>;
  /** One word that the script is not told: another one runs it again. Default: none. */
  readonly rerunOn?: Input<string> | undefined;
  /** What makes this another host, usually the machine's id: a change runs the script anew. */
  readonly triggers?: readonly Input<string>[];
}

/**
 * A script that is run on a host over SSH: exactly one `command:local:Command`, which starts our own SSH client: see `runnerArgs`.
 * The script must be idempotent: it runs on creation and again on every change of its inputs. It has no `delete`: a host
 * that is gone could not run it. What it prints is a secret output and is never logged.
 */
export class RemoteScript extends Command {
  constructor(name: string, args: RemoteScriptArgs, options: CustomResourceOptions = {}) {
    super(name, commandArgs(args), mergeOptions(options, { additionalSecretOutputs: ["stdout", "stderr"] }));
  }
}

function commandArgs(args: RemoteScriptArgs): ConstructorParameters<typeof Command>[1] {
  const { script, host, connection, triggers = [] } = args;
  return runnerArgs({ name: script.name, hosts: [{ name: host, connection }], ...calling(args), triggers });
}

/** The command that calls a script on its host, and what it reads. */
export function calling(args: RemoteScriptArgs): { readonly command: Output<string>; readonly stdin: Output<string> } {
  const { script, host, connection, parameters = {}, secrets = {}, rerunOn } = args;
  const user = connection.user ?? "root";
  const call = output(parameters).apply((known) =>
    withShortCommand({ script, host, parameters: known, secretNames: Object.keys(secrets), user }),
  );
  return { command: call.apply(renderCommand), stdin: scriptInput(call, { secrets, rerunOn }) };
}

/** Standard input: a secret as a whole as soon as it holds one. `rerunOn` stands behind what the script reads. */
export function scriptInput(
  call: Input<ScriptInput>,
  { secrets = {}, rerunOn }: Pick<RemoteScriptArgs, "secrets" | "rerunOn">,
): Output<string> {
  const text = all([call, all(secrets)]).apply(([known, values]) => renderInput(known, values));
  const whole = rerunOn === undefined ? text : interpolate`${text}${rerunOn}\n`;
  return Object.keys(secrets).length === 0 ? whole : secret(whole);
}
