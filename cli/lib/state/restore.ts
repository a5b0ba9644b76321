import { UserError } from "@isthmus/core";
import { madeThings, parseCheckpoint, type Checkpoint } from "../pulumi/checkpoint.ts";
import { UsageError } from "../exit.ts";
import { pulumi } from "../pulumi/cli.ts";
import { keepCopy, mustImportStack, readState, stackNames } from "../pulumi/stacks.ts";
import { readCopies } from "./manifest.ts";

export interface RestoreOptions {
  /** The folder of the stack files. */
  readonly config: string;
  /** Only this stack. Default: all in the folder. */
  readonly site?: string | undefined;
  /** Take the place of a newer state too. */
  readonly force: boolean;
}

/** Puts states back from a folder of copies, and tells of each what was done. Checks all of them before the first. */
export async function restore(folder: string, { config, site, force }: RestoreOptions): Promise<readonly string[]> {
  const { states } = readCopies(folder);
  if (site !== undefined && !states.has(site)) {
    throw new UsageError(`${folder} holds no state of "${site}"; it holds: ${[...states.keys()].join(", ")}.`);
  }
  const chosen = [...states].filter(([name]) => site === undefined || name === site);
  const there = new Set(await stackNames(config));
  const planned: Planned[] = [];
  for (const [name, text] of chosen) {
    const copy = parseCheckpoint(text, `${folder}/${name}.json`);
    planned.push({
      config,
      name,
      copy,
      current: there.has(name) ? await readState({ config, site: name }) : undefined,
    });
  }
  const newer = planned.flatMap((one) => whyNot(one) ?? []);
  if (newer.length > 0 && !force) {
    throw new UserError(`${newer.join("\n")}\nNothing was changed. --force puts the older ones back nevertheless.`);
  }
  const told: string[] = [];
  for (const one of planned) told.push(await put(one));
  return told;
}

export interface Planned {
  readonly config: string;
  readonly name: string;
  readonly copy: Checkpoint;
  /** What the backend has; absent: no such stack. */
  readonly current: Checkpoint | undefined;
}

/** Why a copy would lose something: what the backend has was written after it, and is not empty. */
export function whyNot({ name, copy, current }: Omit<Planned, "config">): string | undefined {
  if (current === undefined || madeThings(current).length === 0) return undefined;
  const [then, now] = [copy.deployment.manifest.time, current.deployment.manifest.time];
  if (Date.parse(now) <= Date.parse(then)) return undefined;
  return `${name}: the backend's state is of ${now}, newer than the copy of ${then}: what was made since would be forgotten.`;
}

async function put({ config, name, copy, current }: Planned): Promise<string> {
  if (current === undefined) await pulumi(config, ["stack", "init", name, "--secrets-provider", "passphrase"]);
  const kept =
    current === undefined ? "" : ` The state before is in ${keepCopy({ config, site: name }, current, new Date())}.`;
  await mustImportStack({ config, site: name }, copy);
  const { time } = copy.deployment.manifest;
  return `${name}: ${madeThings(copy).length} resources, as of ${time}.${kept}`;
}
