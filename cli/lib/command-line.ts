import { createInterface } from "node:readline/promises";
import { UserError } from "@isthmus/core";
import { CommanderError, type Command } from "commander";

/** 0 all in order; 1 something is wrong with what was found; 2 wrong usage. */
export const exitCode = { fine: 0, wrong: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Parses and runs `command`, whose actions call `ended` with an exit code. A mistake of the user's has no stack trace. */
export async function runCommand(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCode.fine : exitCode.usage;
    else if (error instanceof UserError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = exitCode.wrong;
    } else throw error;
  }
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a person types in answer. Where nobody can be asked, `insteadOption` says how to answer beforehand. */
export async function ask(question: string, insteadOption: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UserError(`Nobody can be asked here: ${insteadOption}`);
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await asking.question(`${question} `)).trim();
  } finally {
    asking.close();
  }
}
