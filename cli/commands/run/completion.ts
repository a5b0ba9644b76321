import { exitCode, type ExitCode } from "../../lib/command-line.ts";
import { completionScript, type Shell } from "../../lib/command/completion.ts";

export async function completion(shell: Shell): Promise<ExitCode> {
  const { verbs } = await import("../index.ts");
  process.stdout.write(completionScript(shell, verbs));
  return exitCode.fine;
}
