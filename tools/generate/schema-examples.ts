import { stringify } from "yaml";
import { below, partsOf, type Examples, type JsonSchema } from "./schema-table.ts";

const longest = 72;

/** The first value that each key of a schema has in some files: what stands there was checked. */
export function examplesOf(schema: JsonSchema, values: readonly unknown[]): Examples {
  const found = values.flatMap((value) => valuesOf(schema, value, ""));
  return new Map(found.reverse());
}

/** Each key's value in one line, by the key's path. */
function valuesOf(schema: JsonSchema, value: unknown, path: string): [string, string][] {
  const entries = isObject(value) ? Object.entries(value) : [];
  const known = schema.properties ?? {};
  const own = entries.flatMap(([key, inner]): [string, string][] => {
    const part = known[key];
    if (part === undefined) return [];
    const at = below(path, key);
    const text = inOneLine(inner);
    return [...(text === undefined ? [] : [[at, text] satisfies [string, string]]), ...valuesOf(part, inner, at)];
  });
  const nested = partsOf(schema).flatMap(([at, part]) => {
    if (at === "") return valuesOf(part, value, path);
    const inside = at === "[]" ? itemsOf(value) : entries.flatMap(([key, inner]) => (key in known ? [] : [inner]));
    return inside.flatMap((inner) => valuesOf(part, inner, `${path}${at}`));
  });
  return [...own, ...nested];
}

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** As it would be typed; objects and lists only where they are short, as what is in them has examples too. */
function inOneLine(value: unknown): string | undefined {
  if (typeof value === "string") {
    const [line = "", ...more] = withoutDigests(value).split("\n");
    const whole = line.length <= longest ? line : `${line.slice(0, longest)}…`;
    return more.length === 0 ? whole : `${whole} …`;
  }
  const text = stringify(value, { collectionStyle: "flow", flowCollectionPadding: true, lineWidth: 0 }).trim();
  const typed = withoutDigests(text).replaceAll(/\[ | \]/g, (bracket) => bracket.trim());
  return typed.length <= longest && typed !== "{}" ? typed : undefined;
}

/** Checksums and keys of examples are nobody's to copy. */
function withoutDigests(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{32,}/g, (digest) => `${digest.slice(0, 8)}…`)
    .replaceAll(/(AAAA[A-Za-z0-9+/]{8})[A-Za-z0-9+/=]{20,}/g, "$1…");
}
