import { readFileSync } from "node:fs";
import { endOf, exitCode } from "../exit.ts";
import type { Verb } from "./declare.ts";
import { parse, program } from "./parse.ts";

/** Runs what was typed; `called`: how the program is called in help. A mistake of a person's is a message and an exit code; a stack trace is a bug. */
export async function start(verbs: readonly Verb[], words: readonly string[], called = program): Promise<void> {
  endQuietlyWithReader();
  try {
    const typed = parse(verbs, words, { called, version: version() });
    process.exitCode = "command" in typed ? await typed.command.run(typed.given) : tell(typed);
  } catch (error) {
    const end = endOf(error);
    if (end === undefined) throw error;
    process.stderr.write(`${end.message}\n`);
    process.exitCode = end.code;
  }
}

function tell({ said, code }: { readonly said: string; readonly code: number }): number {
  (code === exitCode.fine ? process.stdout : process.stderr).write(said);
  return code;
}

/** Whoever reads what is printed may stop, as `head` does. */
function endQuietlyWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }).version;
