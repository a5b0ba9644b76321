/** Keys of a JSON Schema as rows of a table for people. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** A value of a key, by the key's path. */
export type Examples = ReadonlyMap<string, string>;

export const keyColumns = ["key", "type", "default", "meaning", "example"] as const;

/** One row a key, in the order of the schema; those of a list's or a map's items stand below it. */
export function keyRows(schema: JsonSchema, examples: Examples, path = ""): string[][] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const at = below(path, key);
    const standard = schema.required?.includes(key) === true ? "required" : defaultOf(value);
    return [
      [`\`${at}\``, typeOf(value), standard, meaningOf(value), code(examples.get(at))],
      ...keyRows(value, examples, at),
    ];
  });
  const nested = partsOf(schema).flatMap(([at, part]) => keyRows(part, examples, `${path}${at}`));
  return unique([...own, ...nested]);
}

export const below = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** Schemas of what is in a value under no key of its own, with what a path says of it. */
export function partsOf(schema: JsonSchema): (readonly [string, JsonSchema])[] {
  const { additionalProperties: entry, items } = schema;
  return [
    ...(typeof entry === "object" ? [[".<name>", entry] as const] : []),
    ...(items === undefined ? [] : [["[]", items] as const]),
    ...alternatives(schema).map((one) => ["", one] as const),
  ];
}

const alternatives = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? schema.oneOf ?? [];

/** Alternatives repeat the keys that they have in common. */
const unique = (rows: readonly string[][]): string[][] => [
  ...new Map(rows.map((row) => [row.join("\n"), row])).values(),
];

function typeOf(schema: JsonSchema): string {
  const either = alternatives(schema);
  if (either.length > 0) return [...new Set(either.map(typeOf))].join(" or ");
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', "")}\``;
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object" && Object.keys(schema.additionalProperties).length > 0)
    return `map to ${typeOf(schema.additionalProperties)}`;
  return [[schema.type ?? "any"].flat().join(" or "), rangeOf(schema)].join(" ").trim();
}

/** Without the limits that are those of every integer in JavaScript. */
function rangeOf({ minimum, maximum }: JsonSchema): string {
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? "" : String(minimum);
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? "" : String(maximum);
  if (most === "") return least === "" ? "" : `from ${least}`;
  return least === "" ? `up to ${most}` : `${least} to ${most}`;
}

/** A description's last words: its default, and sentences that come after it. */
const statedDefault = /\s*Default: (.+?)(?:\.\s+([A-Z].*)|\.?)$/;

/** As a description words it, else as the schema has it; an empty object is what its keys say. */
function defaultOf({ description = "", default: value }: JsonSchema): string {
  const [, words] = statedDefault.exec(description) ?? [];
  if (words !== undefined) return words;
  return value === undefined || JSON.stringify(value) === "{}" ? "" : code(JSON.stringify(value));
}

function meaningOf({ description = "" }: JsonSchema): string {
  return description.replace(statedDefault, (_all, _value: string, more = "") => ` ${String(more)}`).trim();
}

const code = (text: string | undefined): string => (text === undefined ? "" : `\`${text}\``);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => asText(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Names in angle brackets would be taken for HTML outside of code. */
const asText = (cell: string): string =>
  cell
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/<(?!br>)/g, "&lt;") : part))
    .join("`");

export const page = (parts: readonly string[]): string => `${parts.join("\n\n")}\n`;
