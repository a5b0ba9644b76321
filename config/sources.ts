import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { splitSourcePath, UserError, type SourcePath } from "@isthmus/core";
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
  /** Keys of the file down to the value that source paths begin at. */
  readonly root: readonly string[];
}

/** The stack files as they were read: their values, and the line of every path. */
export class Sources {
  readonly directory: string;
  readonly #files = new Map<string, Source>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Whether the folder has the file. */
  has(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  /** The plain value below `root` of a YAML file, `undefined` where there is none. Throws a {@link UserError} for broken YAML. */
  read(file: string, root: readonly string[]): unknown {
    const lines = new LineCounter();
    const document = parseDocument(readFileSync(join(this.directory, file), "utf8"), {
      lineCounter: lines,
      merge: true,
    });
    const broken = document.errors.map((error) => ({
      rule: "yaml-syntax",
      at: `${file}#` as SourcePath,
      problem: `line ${error.linePos?.[0].line ?? 1}: ${error.message.split("\n")[0] ?? error.code}`,
      mend: "mend the YAML; an editor with a YAML mode shows the place",
    }));
    if (broken.length > 0) throw new UserError(`${file} is not valid YAML`, broken);
    this.#files.set(file, { document, lines, root });
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return root.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value);
  }

  /** A value of a file that was read. */
  raw(file: string, path: readonly string[]): unknown {
    const value: unknown = this.#files.get(file)?.document.getIn(path);
    return isNode(value) ? (value.toJSON() as unknown) : value;
  }

  /** The line (from 1) of a path, or of the nearest thing above it that is there. */
  line(path: SourcePath): number {
    const { file, keys } = splitSourcePath(path);
    const source = this.#files.get(file);
    if (source === undefined) return 1;
    const [up, ...rest] = keys;
    const full = up === ".." ? [...source.root.slice(0, -1), ...rest] : [...source.root, ...keys];
    for (let depth = full.length; depth > 0; depth -= 1) {
      const offset = offsetOf(source.document, full.slice(0, depth));
      if (offset !== undefined) return source.lines.linePos(offset).line;
    }
    return 1;
  }
}

/** Where the key of a path stands in the text: the key itself in a map, the item in a list. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
