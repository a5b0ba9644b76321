import { exitCode, type ExitCode } from "../../lib/command-line.ts";
import { completionScript, type Shell } from "../../lib/command/completion.ts";
import type { Verb } from "../../lib/command/declare.ts";
import { completed } from "../completed.ts";

/** `own`: the verb that calls this. A verb is started without the others, so they are looked up here. */
export function completion(shell: Shell, own: Verb): ExitCode {
  process.stdout.write(completionScript(shell, [...completed, own]));
  return exitCode.fine;
}
