import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A run that is writing at this moment is done by then. */
const secondLookAfterMilliseconds = 500;

/**
 * Fixes what a run left half written of this project's stacks in a backend of files, and tells what. Beside each object lies one with its
 * checksum, and they are not written at once: where that is cut off, the CLI says `EOF` to every command. A state that
 * is cut off itself is taken from the copy before it, in which what was under way is still pending. Object stores
 * replace objects whole. Other projects' files stay as they are.
 */
export async function fixTornFiles(backend: string, project: string): Promise<readonly string[]> {
  if (!backend.startsWith("file://")) return [];
  const folder = join(folderOf(backend), ".pulumi/stacks");
  if (tornIn(folder, project).length === 0) return [];
  await sleep(secondLookAfterMilliseconds);
  return tornIn(folder, project).map(fix);
}

function folderOf(backend: string): string {
  const [path = ""] = backend.split("?");
  return path.startsWith("file:///")
    ? fileURLToPath(path)
    : path.slice("file://".length).replace(/^~/, process.env["HOME"] ?? "~");
}

/** A backend that was made before projects had folders of their own has all stacks in one. */
function tornIn(folder: string, project: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => [".", project].includes(dirname(file)) && /\.json(\.bak)?(\.attrs)?$/.test(file))
    .map((file) => join(folder, file))
    .filter((file) => !isJson(file));
}

function fix(file: string): string {
  if (file.endsWith(".attrs")) {
    rmSync(file);
    return `${file} was cut off and is removed: what it describes is whole.`;
  }
  if (file.endsWith(".bak")) {
    renameSync(file, `${file}.torn`);
    return `${file}, a copy of the state before, was cut off and is put aside as ${basename(file)}.torn.`;
  }
  const copy = `${file}.bak`;
  if (!existsSync(copy) || !isJson(copy))
    return `${file} is cut off, and so is the copy beside it: npm run state -- restore`;
  renameSync(file, `${file}.torn`);
  copyFileSync(copy, file);
  rmSync(`${file}.attrs`, { force: true });
  return `${file} was cut off: the copy before it takes its place.`;
}

function isJson(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
