import { below, quote, type Finding, type SourcePath } from "@isthmus/core";
import { closest } from "fastest-levenshtein";
import { z } from "zod";
import { isRecord } from "./sources.ts";

/** What a schema says against a value: either the parsed value, or everything that is wrong with it. */
export type Checked<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/** Parses a value of the stack files. `at` is where it stands. */
export function check<T>(schema: z.ZodType<T>, value: unknown, at: SourcePath): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return { findings: result.error.issues.flatMap((issue) => toFindings(issue, { schema, value, at })) };
}

interface Parsed {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly at: SourcePath;
}

function toFindings(issue: z.core.$ZodIssue, { schema, value, at }: Parsed): Finding[] {
  const path = issue.path.map(String);
  const where = below(at, ...path);
  const bad = valueAt(value, path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(below(where, key), key, knownKeys(schemaAt(schema, path))));
  }
  if (issue.code === "invalid_key") {
    const reason = issue.issues[0]?.message ?? issue.message;
    return [
      { rule: "schema", at: where, problem: `${quote(path.at(-1))} is not a name for this`, mend: `write ${reason}` },
    ];
  }
  if (bad === undefined) {
    return [
      {
        rule: "missing",
        at: where,
        problem: `${path.at(-1) ?? "the value"} is missing`,
        mend: expected(issue, schemaAt(schema, path)),
      },
    ];
  }
  if (issue.code === "invalid_union") {
    const reasons = issue.errors.flat().map((inner) => expected(inner, undefined));
    return [
      {
        rule: "schema",
        at: where,
        problem: `${quote(bad)} does not fit`,
        mend: [...new Set(reasons)].join(", or ") || issue.message,
      },
    ];
  }
  return [
    { rule: "schema", at: where, problem: `${quote(bad)} does not fit`, mend: expected(issue, schemaAt(schema, path)) },
  ];
}

function unknownKey(at: SourcePath, key: string, known: readonly string[]): Finding {
  const nearest = known.length === 0 ? undefined : closest(key, [...known]);
  return {
    rule: "unknown-key",
    at,
    problem: `${quote(key)} is not known here`,
    mend: nearest === undefined ? "remove it" : `did you mean ${nearest}? Known: ${known.join(", ")}`,
  };
}

function expected(issue: z.core.$ZodIssue, schema: z.ZodType | undefined): string {
  const meaning = schema?.description === undefined ? "" : ` (${schema.description})`;
  switch (issue.code) {
    case "invalid_type":
      return `write ${article(issue.expected)}${meaning}`;
    case "invalid_value":
      return `write one of: ${issue.values.map(String).join(", ")}${meaning}`;
    case "too_small":
      return isOurs(issue.message) ? instruction(issue.message) : `write at least ${issue.minimum}${meaning}`;
    case "too_big":
      return `write at most ${issue.maximum}${meaning}`;
    default:
      return isOurs(issue.message) ? instruction(issue.message) : `${issue.message}${meaning}`;
  }
}

/** Messages of our schemas begin in lower case and say what would be right; zod's own begin with a capital. */
function isOurs(message: string): boolean {
  return /^[a-z]/.test(message);
}

/** A message of a schema as an instruction. */
function instruction(message: string): string {
  return /^(must|is|has|needs) /.test(message) ? `it ${message}` : `write ${message}`;
}

function article(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map of keys and values",
    record: "a map of names and values",
  };
  return words[type] ?? `a value of type ${type}`;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)] as unknown;
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}

/** The schema of the value at a path, where it can be told. */
function schemaAt(schema: z.ZodType | undefined, path: readonly string[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) return inner.shape[key] as z.ZodType | undefined;
    if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
    if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
    return undefined;
  }, schema);
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function knownKeys(schema: z.ZodType | undefined): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => knownKeys(option as z.ZodType));
  return [];
}
