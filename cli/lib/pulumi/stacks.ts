import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { z } from "zod";
import { parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { explain, pulumi, runPulumi, type CliResult } from "./cli.ts";

const listed = z.array(z.looseObject({ name: z.string() }));

/** Names of this project's stacks in the backend. */
export async function stackNames(): Promise<readonly string[]> {
  const stacks = listed.parse(JSON.parse(await pulumi(["stack", "ls", "--json"])));
  return stacks.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
}

export async function requireStack(name: string): Promise<void> {
  const names = await stackNames();
  if (names.includes(name)) return;
  const there = names.length === 0 ? "it has none" : `there are: ${names.join(", ")}`;
  throw new UserError(`The backend has no stack "${name}"; ${there}.`);
}

/** The state as the backend has it, secrets encrypted. Needs no passphrase. */
export async function exportStack(name: string): Promise<string> {
  return pulumi(["stack", "export", "--stack", name]);
}

export async function readState(name: string): Promise<Checkpoint> {
  return parseCheckpoint(await exportStack(name), `The state of ${name}`);
}

/** Takes the place of the stack's state. It fails where another run holds the lock. */
export async function importStack(name: string, state: Checkpoint): Promise<CliResult> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-state-"));
  try {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    return await runPulumi(["stack", "import", "--stack", name, "--file", file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function mustImportStack(name: string, state: Checkpoint): Promise<void> {
  const result = await importStack(name, state);
  if (result.exitCode !== 0) throw new UserError(explain(["stack", "import", "--stack", name], result.stderr));
}

/** Where copies of states go that a command is about to change. Git does not see it. */
const copiesFolder = "state-copies";

/** Keeps a state aside before it is changed; `pulumi stack import --file` puts it back. */
export function keepCopy(name: string, state: Checkpoint, now: Date): string {
  mkdirSync(copiesFolder, { recursive: true, mode: 0o700 });
  const file = join(copiesFolder, `${name}-${fileTime(now)}.json`);
  writeFileSync(file, JSON.stringify(state, null, 2), { mode: 0o600 });
  return file;
}

/** A moment as a part of a file name, which sorts by time: `2026-11-21T09-30-00.000Z`. */
export const fileTime = (moment: Date): string => moment.toISOString().replaceAll(":", "-");
