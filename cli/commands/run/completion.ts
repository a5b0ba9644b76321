import { exitCode, type ExitCode } from "../../lib/command-line.ts";
import { completionScript, type Shell } from "../../lib/command/completion.ts";
import type { Verb } from "../../lib/command/declare.ts";

export function completion(shell: Shell, verbs: readonly Verb[]): Promise<ExitCode> {
  process.stdout.write(completionScript(shell, verbs));
  return Promise.resolve(exitCode.fine);
}
