/** What is done to stack files to see that they are never answered with a stack trace: damage of the text, and changes of what it says. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";

/** The fleets of `config/fixtures/valid`. */
export const folders = readdirSync(join(import.meta.dirname, "../../../config/fixtures/valid"));

/** Some file of some valid fixture, and where in it something happens. */
export const start = fc.record({
  folder: fc.constantFrom(...folders),
  file: fc.nat(),
  at: fc.nat(),
  other: fc.nat(),
});

const weird = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", " ", [], {}, [[]], { a: {} }, 0, -1, 1.5, 2 ** 53, 1e308, -1e308),
  fc.constantFrom<unknown>(Infinity, Number.NaN, "constructor", "__proto__", "toString", "~", "0x10", "1e3", "null"),
  fc.constantFrom<unknown>("10.0.20.0/33", "0.0.0.0/0", "255.255.255.255", "10.0.20.1-", "-", "::1", "fd00::/8"),
  fc.constantFrom<unknown>("99999999Ti", "0Mi", "0m", "999999999999999999999Gi", "9".repeat(400), "https://", "s3://"),
  fc.constantFrom<unknown>({ "site-a": 3 }, { home: 1, cabin: 1 }, { constructor: 1 }, ["home", "home"], [null]),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 3 }),
);
const strangeKey = fc.oneof(
  fc.constantFrom(
    "constructor",
    "__proto__",
    "tostring",
    "",
    " ",
    "0",
    "..",
    "a/b",
    "a~b",
    "<<",
    "#",
    "metallb",
    "links",
  ),
  fc.string(),
);

export const change = fc.oneof(
  fc.record({ kind: fc.constant("delete" as const) }),
  fc.record({ kind: fc.constant("replace" as const), value: weird }),
  fc.record({ kind: fc.constant("rename" as const), key: strangeKey }),
  fc.record({ kind: fc.constant("copy" as const), key: strangeKey }),
  fc.record({ kind: fc.constant("add" as const), key: strangeKey, value: weird }),
  fc.record({ kind: fc.constant("move" as const) }),
);

/** Changes that keep the shapes, so that the rules and the plan behind them are reached. */
export const plausible = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("likewise" as const), choice: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("service" as const),
      choice: fc.nat(),
      key: fc.constantFrom("", "one", "two", "constructor"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("promise" as const), choice: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const) }) },
);

export const damage = fc.oneof(
  fc.record({
    insert: fc.constantFrom(
      "\t",
      "  ",
      " ",
      "\n",
      "\r",
      ":",
      "- ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "#",
      "'",
      '"',
      "|",
      ">",
      "%",
    ),
  }),
  fc.record({
    insert: fc.constantFrom(
      "&a ",
      "*a",
      "*key",
      "&key ",
      "<<: *key\n",
      "<<: 3\n",
      "!!binary ",
      "!!set ",
      "!x ",
      "? ",
      "\n---\n",
      "\n...\n",
    ),
  }),
  fc.record({
    insert: fc.constantFrom(
      "\u0000",
      "\uFEFF",
      "\u2028",
      "\uD800",
      "🐟",
      "&a [*a]",
      "%YAML 9.9\n---\n",
      "[".repeat(5000),
    ),
  }),
  fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }) }),
  fc.record({ cut: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ twice: fc.constant(true) }),
);

export type Change = typeof change extends fc.Arbitrary<infer Of> ? Of : never;
export type Plausible = typeof plausible extends fc.Arbitrary<infer Of> ? Of : never;
export type Damage = typeof damage extends fc.Arbitrary<infer Of> ? Of : never;

export interface Start {
  readonly folder: string;
  readonly file: number;
  readonly at: number;
  readonly other: number;
}
