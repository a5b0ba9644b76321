import { createInterface } from "node:readline/promises";
import { UsageError } from "./exit.ts";

export { exitCode, MissingError, UsageError, type ExitCode } from "./exit.ts";

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a person types in answer; "" where they end it. Where nobody can be asked, `insteadOption` says how to answer beforehand. */
export async function ask(question: string, insteadOption: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`Nobody can be asked here: ${insteadOption}`);
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const left = new Promise<string>((resolve) => {
    asking.once("close", () => {
      resolve("");
    });
  });
  try {
    return (await Promise.race([asking.question(`${question} `), left])).trim();
  } finally {
    asking.close();
  }
}

/** Every site that was named has to be one of the fleet. */
export function checkSites(named: readonly string[], known: readonly string[]): void {
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new UsageError(`There is no site ${unknown.join(", ")}; there are: ${known.join(", ")}`);
}

/** Whether a person agrees to what a command is about to do to a site: by its name, typed or given with --confirm. */
export async function agrees(site: string, confirm: string | undefined, question: string): Promise<boolean> {
  const typed = confirm ?? (await ask(question, `add --confirm ${site}`));
  if (typed === site) return true;
  say(`That is not ${site}. Nothing was changed.`);
  return false;
}
