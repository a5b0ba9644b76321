/** Stack files that are refused: a fleet in which nothing is wrong, what is changed in it, and every message that comes of that. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const edit = z.union([
  z.strictObject({
    file: z.string(),
    replace: z.string().describe("Stands once in the file."),
    with: z.string(),
  }),
  z.strictObject({ file: z.string(), write: z.string() }),
  z.strictObject({ file: z.string(), bytes: z.base64() }),
  z.strictObject({ file: z.string(), remove: z.literal(true) }),
]);
type Edit = z.output<typeof edit>;

const expected = z.strictObject({
  rule: z.string(),
  file: z.string(),
  line: z.int(),
  path: z.string(),
  value: z.string().describe("What the problem quotes."),
  problem: z.string(),
  fix: z.string(),
});

/** `cases/<rule>.yaml`: cases by name. */
const casesOfRule = z.record(
  z.string(),
  z.strictObject({
    base: z.string().describe("Folder below fixtures/valid."),
    edit: z.array(edit),
    expected: z.array(expected).min(1),
  }),
);

export type Expected = z.output<typeof expected>;

export interface Case {
  /** The rule that it breaks, as its file is called. */
  readonly rule: string;
  /** `<rule>-<what>`, unique. */
  readonly name: string;
  /** Every file, byte by byte, by its path in the folder. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly expected: readonly Expected[];
}

const folder = join(import.meta.dirname, "cases");

/** Every case, in the order of rules and names. */
export function readCases(): readonly Case[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const rule = file.replace(/\.yaml$/, "");
      const found = casesOfRule.parse(parse(readFileSync(join(folder, file), "utf8")));
      return Object.entries(found).map(([what, { base, edit: edits, expected: messages }]) => {
        const name = `${rule}-${what}`;
        return { rule, name, files: edited(validFleet(base), edits, name), expected: messages };
      });
    });
}

/** Writes a case as a folder that `npm run preview -- --config` reads. */
export function writeOut({ files }: Pick<Case, "files">, into: string): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), bytes);
  }
}

/** The files of a fleet below fixtures/valid, by their paths in it. */
export function validFleet(base: string): ReadonlyMap<string, Buffer> {
  const from = join(import.meta.dirname, "fixtures", "valid", base);
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ name, parentPath }) => {
      const path = join(parentPath, name);
      return [path.slice(from.length + 1), readFileSync(path)];
    }),
  );
}

function edited(base: ReadonlyMap<string, Buffer>, edits: readonly Edit[], name: string): ReadonlyMap<string, Buffer> {
  const files = new Map(base);
  for (const one of edits) {
    if ("remove" in one) files.delete(one.file);
    else if ("write" in one) files.set(one.file, Buffer.from(one.write));
    else if ("bytes" in one) files.set(one.file, Buffer.from(one.bytes, "base64"));
    else {
      const parts = (files.get(one.file)?.toString() ?? "").split(one.replace);
      if (parts.length !== 2)
        throw new Error(`${name}: ${JSON.stringify(one.replace)} does not stand once in ${one.file}`);
      files.set(one.file, Buffer.from(parts.join(one.with)));
    }
  }
  return files;
}
