import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { splitSourcePath, UserError, type SourcePath } from "@isthmus/core";
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { notUtf8, yamlMistake, type YamlMistake } from "./yaml-mistakes.ts";
import { defineRule } from "./rules.ts";

const unreadableFileRule = defineRule({
  id: "unreadable-file",
  severity: "high",
  summary: "Stack files are plain files that may be read.",
  fix: "Make it a plain file that you may read.",
  docs: "docs/reference/fleet.md#keys-of-pulumiyaml",
});

const yamlSyntaxRule = defineRule({
  id: "yaml-syntax",
  severity: "high",
  summary: "Stack files are YAML.",
  fix: "Fix the YAML; an editor with a YAML mode shows the place.",
  docs: "docs/reference/fleet.md#keys-of-pulumiyaml",
});

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
  /** The whole file as plain data. */
  readonly value: unknown;
  /** Keys of the file down to the value that source paths begin at. */
  readonly root: readonly string[];
}

/** The stack files as they were read: their values, and the line of every path. */
export class Sources {
  readonly directory: string;
  readonly #files = new Map<string, Source>();
  /** For files that are not YAML: the line where that shows. */
  readonly #broken = new Map<string, number>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Whether the folder has the file. */
  has(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  /**
   * The plain value below `root` of a YAML file, `undefined` where there is none. Throws a {@link UserError} for a file
   * that cannot be read, and for one that is not YAML.
   */
  read(file: string, root: readonly string[]): unknown {
    const text = this.#text(file);
    const lines = new LineCounter();
    const document = this.#parsed(file, text, lines);
    const value = this.#plainValue(file, document);
    this.#files.set(file, { document, lines, value, root });
    return valueAt(value, root);
  }

  /** A value of a file that was read. */
  raw(file: string, path: readonly string[]): unknown {
    return valueAt(this.#files.get(file)?.value, path);
  }

  /** The line (from 1) of a path, or of the nearest thing above it that is there. */
  line(path: SourcePath): number {
    const { file, keys } = splitSourcePath(path);
    const source = this.#files.get(file);
    if (source === undefined) return this.#broken.get(file) ?? 1;
    const up = keys.filter((key) => key === "..").length;
    const full = [...source.root.slice(0, source.root.length - up), ...keys.slice(up)];
    const offset = offsetOf(source.document, full);
    return offset === undefined ? 1 : source.lines.linePos(offset).line;
  }

  #text(file: string): string {
    const bytes = readBytes(join(this.directory, file), file);
    return isUtf8(bytes) ? bytes.toString("utf8") : this.#refuse(file, notUtf8(bytes));
  }

  #parsed(file: string, text: string, lines: LineCounter): Document {
    const document = this.#attempt(file, () =>
      parseDocument(text, { lineCounter: lines, merge: true, logLevel: "error" }),
    );
    const mistake = this.#attempt(file, () => yamlMistake({ text, document, lines }));
    return mistake === undefined ? document : this.#refuse(file, mistake);
  }

  /** The document as a tree of plain data: no circles, no dates, no types of its own. */
  #plainValue(file: string, document: Document): unknown {
    return this.#attempt(
      file,
      () => JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null)) as unknown,
    );
  }

  /** What the YAML library cannot make sense of is the file's mistake. */
  #attempt<T>(file: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      return this.#refuse(file, { line: 1, ...thrown(error) });
    }
  }

  #refuse(file: string, { line, problem, fix }: YamlMistake): never {
    this.#broken.set(file, line);
    throw new UserError(`${file} is not valid YAML`, [{ rule: yamlSyntaxRule.id, at: `${file}#`, problem, fix }]);
  }
}

function readBytes(path: string, file: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const problem = whyUnreadable(error);
    const fix = "make it a plain file that you may read";
    throw new UserError(`${file} cannot be read`, [{ rule: unreadableFileRule.id, at: `${file}#`, problem, fix }]);
  }
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") return "this is a folder";
  if (code === "EACCES") return "you may not read the file";
  return `the file cannot be read (${code ?? message})`;
}

function thrown(error: unknown): Omit<YamlMistake, "line"> {
  if (error instanceof RangeError) return { problem: "it is nested too deeply", fix: "write it with fewer levels" };
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
  if (/alias count/i.test(message))
    return { problem: "aliases (*name) make too much out of too little", fix: "write out what they stand for" };
  return { problem: `it is not YAML: ${message}`, fix: "write it without anchors and merge keys" };
}

/** Where the last key of a path that is there stands: the key itself in a map, the item in a list. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (!isNode(pair?.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

/** The value at a path of plain data, `undefined` where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)] as unknown;
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
