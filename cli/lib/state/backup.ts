import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { parseCheckpoint, resourcesOf } from "../pulumi/checkpoint.ts";
import { pulumi } from "../pulumi/cli.ts";
import { exportStack, fileTime, stackNames, type StackAt } from "../pulumi/stacks.ts";
import { backendUrl } from "./backend.ts";
import { manifestFile, sha256, type CopiedStack, type Manifest } from "./manifest.ts";

/** Where a copy comes from and goes to. */
export interface BackupOptions {
  /** The folder of the stack files. */
  readonly config: string;
  /** The folder above the copy's. */
  readonly to: string;
  readonly now: Date;
}

/** Copies each stack's state, encrypted as it is, to a folder with the date in its name. It is there whole or not at all. */
export async function backup({
  config,
  to,
  now,
}: BackupOptions): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
  const names = await stackNames(config);
  if (names.length === 0) throw new UserError("The backend has no stack of this project: there is nothing to copy.");
  const [backend, cli] = [await backendUrl(config), (await pulumi(config, ["version"])).trim()];
  const folder = join(to, fileTime(now));
  const partial = `${folder}.partial`;
  mkdirSync(to, { recursive: true, mode: 0o700 });
  // Fails where it is there: what is removed after an error is what this run made.
  mkdirSync(partial, { mode: 0o700 });
  try {
    const stacks: Record<string, CopiedStack> = {};
    for (const name of names) stacks[name] = await copyStack(partial, { config, site: name });
    const manifest: Manifest = { version: 1, takenAt: now.toISOString(), backend, cli, stacks };
    write(partial, manifestFile, JSON.stringify(manifest, null, 2));
    renameSync(partial, folder);
    return { folder, manifest };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function copyStack(folder: string, at: StackAt): Promise<CopiedStack> {
  const text = await exportStack(at);
  const state = parseCheckpoint(text, `The state of ${at.site}`);
  const file = `${at.site}.json`;
  write(folder, file, text);
  return {
    file,
    sha256: sha256(text),
    bytes: Buffer.byteLength(text),
    resources: resourcesOf(state).length,
    writtenAt: state.deployment.manifest.time,
  };
}

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
}

/** The newest folder of copies in `to`. */
export function newestCopies(to: string): string | undefined {
  if (!existsSync(to)) return undefined;
  const folders = readdirSync(to).filter((name) => existsSync(join(to, name, manifestFile)));
  const newest = folders.sort().at(-1);
  return newest === undefined ? undefined : join(to, newest);
}
