import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { z } from "zod";
import { parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { MissingError } from "../exit.ts";
import { pulumi, refusal, runPulumi, type CliResult } from "./cli.ts";

/** A site's stack, and the folder of the stack files. */
export interface StackAt {
  readonly config: string;
  readonly site: string;
}

const listed = z.array(z.looseObject({ name: z.string() }));

/** Names of this project's stacks in the backend. */
export async function stackNames(config: string): Promise<readonly string[]> {
  const stacks = listed.parse(JSON.parse(await pulumi(config, ["stack", "ls", "--json"])));
  return stacks.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
}

export async function requireStack({ config, site }: StackAt): Promise<void> {
  const names = await stackNames(config);
  if (names.includes(site)) return;
  const there = names.length === 0 ? "it has none" : `there are: ${names.join(", ")}`;
  throw new MissingError(`The backend has no stack "${site}"; ${there}.`);
}

/** The state as the backend has it, secrets encrypted. Needs no passphrase. */
export async function exportStack({ config, site }: StackAt): Promise<string> {
  return pulumi(config, ["stack", "export", "--stack", site]);
}

export async function readState(at: StackAt): Promise<Checkpoint> {
  return parseCheckpoint(await exportStack(at), `The state of ${at.site}`);
}

/** Takes the place of the stack's state. It fails where another run holds the lock. */
export async function importStack({ config, site }: StackAt, state: Checkpoint): Promise<CliResult> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-state-"));
  try {
    const file = join(folder, `${site}.json`);
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    return await runPulumi(config, ["stack", "import", "--stack", site, "--file", file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function mustImportStack(at: StackAt, state: Checkpoint): Promise<void> {
  const result = await importStack(at, state);
  if (result.exitCode !== 0) throw refusal(["stack", "import", "--stack", at.site], result.stderr);
}

/** Where copies of states go that a command is about to change, beside the stack files. Git does not see it. */
export const copiesFolder = (config: string): string => join(relative(process.cwd(), config), "state-copies");

/** Keeps a state aside before it is changed; `pulumi stack import --file` puts it back. */
export function keepCopy({ config, site }: StackAt, state: Checkpoint, now: Date): string {
  const folder = copiesFolder(config);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${site}-${fileTime(now)}.json`);
  writeFileSync(file, JSON.stringify(state, null, 2), { mode: 0o600 });
  return file;
}

/** A moment as a part of a file name, which sorts by time: `2026-11-21T09-30-00.000Z`. */
export const fileTime = (moment: Date): string => moment.toISOString().replaceAll(":", "-");
