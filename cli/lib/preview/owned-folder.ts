import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { UserError } from "@isthmus/core";
import { z } from "zod";
import { MissingError } from "../exit.ts";

/** Files by their path below a folder, with `/` between names. */
export type Files = ReadonlyMap<string, string>;

/** A folder, and all that it shall hold of ours. */
export interface Filling {
  readonly folder: string;
  readonly files: Files;
}

/** Says that a folder is ours, and which files in it are. */
export const markerFile = ".isthmus-preview.json";

/** A path that leads nowhere but below the folder, whoever wrote it. */
const innerPath = z.string().regex(/^(?!\/)(?!(.*\/)?\.{0,2}(\/|$))[^\0\\]+$/);

const marker = z.strictObject({ writtenBy: z.literal("isthmus preview --out"), files: z.array(innerPath) });

/**
 * Makes each folder hold its files and none that an earlier call wrote there. What others put there stays. All folders are
 * looked at before anything is touched: throws a `UserError` that names each that is not ours, or in which something of
 * somebody else's is in the way. Links are not followed below a folder.
 */
export function fillFolders(fillings: readonly Filling[]): void {
  const looked = fillings.map((filling) => ({ ...filling, ...look(filling) }));
  const problems = looked.flatMap(({ problems: found }) => found);
  if (problems.length > 0) throw new UserError(`${problems.join("\n")}\nNothing was written.`);
  for (const one of looked) fill(one);
}

interface Looked {
  /** What we wrote there before. */
  readonly written: readonly string[];
  readonly problems: readonly string[];
}

function look({ folder, files }: Filling): Looked {
  const refused = (problem: string): Looked => ({ written: [], problems: [problem] });
  const found = statOf(folder);
  if (found === undefined) return { written: [], problems: [] };
  if (!found.isDirectory()) return refused(`${folder} is no folder: move it away, or name another folder after --out.`);
  if (readdirSync(folder).length === 0) return { written: [], problems: [] };
  const written = writtenBefore(folder);
  if (written === undefined) {
    return refused(
      `${folder} was not written by preview, and it is not empty: it has no valid ${markerFile}. ` +
        "Name another folder after --out, or remove that one yourself if nobody needs it.",
    );
  }
  const own = new Set([...written, markerFile]);
  const inTheWay = [...new Set([...written, ...files.keys()])].flatMap((path) => obstacles(folder, path, own));
  return { written, problems: [...new Set(inTheWay)] };
}

/** Undefined where the folder is not ours. */
function writtenBefore(folder: string): readonly string[] | undefined {
  const file = join(folder, markerFile);
  if (statOf(file)?.isFile() !== true) return undefined;
  try {
    const read = marker.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return read.success ? read.data.files : undefined;
  } catch {
    return undefined;
  }
}

/** What lies on the way to a file of ours, or in its place, and is not ours. */
function obstacles(folder: string, path: string, own: ReadonlySet<string>): string[] {
  const names = path.split("/");
  const folders = names.slice(0, -1).map((_, index) => join(folder, ...names.slice(0, index + 1)));
  const blocked = folders.find((one) => statOf(one)?.isDirectory() === false);
  const moveAway = "which preview did not make: move it away.";
  if (blocked !== undefined) {
    const isOwn = own.has(relative(folder, blocked).split(sep).join("/")) && statOf(blocked)?.isFile() === true;
    return isOwn ? [] : [`${blocked} is no folder, but a file or a link ${moveAway}`];
  }
  const file = join(folder, path);
  const found = statOf(file);
  if (found === undefined || (own.has(path) && !found.isDirectory())) return [];
  return own.has(path) || !found.isDirectory() || !holdsOnly(folder, path, own)
    ? [`${file} is in the way, ${moveAway}`]
    : [];
}

/** A folder in whose place a file comes now is gone once its files are, if all of them are ours. */
function holdsOnly(folder: string, path: string, own: ReadonlySet<string>): boolean {
  return readdirSync(join(folder, path), { withFileTypes: true }).every((entry) => {
    const inner = `${path}/${entry.name}`;
    return entry.isDirectory() ? holdsOnly(folder, inner, own) : own.has(inner);
  });
}

/** The marker first names all that is there or will be, so that a run that is killed leaves nothing that nobody owns. */
function fill({ folder, files, written }: Filling & Looked): void {
  try {
    mkdirSync(folder, { recursive: true });
    mark(folder, [...written, ...files.keys()]);
    for (const path of written) remove(folder, path);
    for (const [path, content] of files) {
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      // Never through a link, nor over what came there in the meantime.
      writeFileSync(target, content, { flag: "wx" });
    }
    mark(folder, [...files.keys()]);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new MissingError(`${folder} could not be written: ${error.message}`);
  }
}

function mark(folder: string, paths: readonly string[]): void {
  const content: z.input<typeof marker> = { writtenBy: "isthmus preview --out", files: [...new Set(paths)].sort() };
  const file = join(folder, markerFile);
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** The file, and the folders above it that hold nothing any more. */
function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  for (let above = dirname(path); above !== "."; above = dirname(above)) {
    const parent = join(folder, above);
    if (existsSync(parent) && readdirSync(parent).length > 0) return;
    if (existsSync(parent)) rmdirSync(parent);
  }
}

/** Of the thing itself, not of what a link leads to. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code !== undefined) throw new MissingError(`${path} cannot be looked at: ${(error as Error).message}`);
    throw error;
  }
}
