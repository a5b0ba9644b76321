import { z } from "zod";

/** What would be right instead, as an instruction. Empty where a schema's own parts say it better. */
export function expected(issue: z.core.$ZodIssue, schema: z.ZodType | undefined): string {
  const meaning = schema?.description === undefined ? "" : ` (${schema.description})`;
  if (isOurs(issue.message)) return instruction(issue.message);
  switch (issue.code) {
    case "invalid_type":
      return `write ${nameOf(issue.expected)}${meaning}`;
    case "invalid_value":
      return `write ${issue.values.length > 1 ? "one of: " : ""}${issue.values.map(String).join(", ")}${meaning}`;
    case "too_small":
      return issue.origin === "array" || issue.origin === "string"
        ? `write at least ${issue.minimum} of them${meaning}`
        : `write at least ${issue.minimum}${meaning}`;
    case "too_big":
      return `write at most ${issue.maximum}${meaning}`;
    case "invalid_union":
      return issue.discriminator === undefined ? "" : `write one of: ${kindsOf(schema).join(", ")}${meaning}`;
    default:
      return `write what fits: ${issue.message}${meaning}`;
  }
}

/** Of a choice that is missing as a whole: what each option consists of. */
export function choice(schema: z.ZodType | undefined): string {
  const inner = unwrap(schema);
  const options = inner instanceof z.ZodUnion ? inner.options.map((option) => option as z.ZodType) : [];
  const each = options.map((option) => {
    const keys = knownKeys(option);
    return keys.length > 0 ? `{ ${keys.join(", ")} }` : nameOf(unwrap(option)?.type ?? "");
  });
  return `write ${each.join(" or ")}${schema?.description === undefined ? "" : ` (${schema.description})`}`;
}

/** Messages of our schemas begin in lower case and say what would be right; zod's own begin with a capital. */
function isOurs(message: string): boolean {
  return /^[a-z]/.test(message);
}

/** A message of a schema as an instruction. */
export function instruction(message: string): string {
  const rule = message.replace(/^is missing: /, "");
  return /^(must|is|has|needs) /.test(rule) ? `it ${rule}` : `write ${rule}`;
}

function nameOf(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    template_literal: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map of keys and values",
    record: "a map of names and values",
  };
  return words[type] ?? `a value of type ${type}`;
}

/** The schema of the value at a path, where it can be told. */
export function schemaAt(schema: z.ZodType | undefined, path: readonly string[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, key) => {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) return inner.shape[key] as z.ZodType | undefined;
    if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
    if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
    if (inner instanceof z.ZodUnion)
      return inner.options.map((option) => schemaAt(option as z.ZodType, [key])).find((found) => found !== undefined);
    return undefined;
  }, schema);
}

/** The keys that a schema's value may have. */
export function knownKeys(schema: z.ZodType | undefined): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion)
    return [...new Set(inner.options.flatMap((option) => knownKeys(option as z.ZodType)))];
  return [];
}

/** A schema without what only says when it may be left out. */
export function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function kindsOf(schema: z.ZodType | undefined): readonly string[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
  const { discriminator } = inner.def;
  return inner.options.flatMap((option) => {
    const kind = option instanceof z.ZodObject ? (option.shape[discriminator] as unknown) : undefined;
    return kind instanceof z.ZodLiteral ? [...kind.values].map(String) : [];
  });
}
