import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { getAt } from "@isthmus/core";
import { isCollection, parse, parseDocument, stringify, type Document } from "yaml";
import { planStackFiles } from "../plan/stack-files.ts";
import { readCases, validFleet } from "./cases.ts";
import { describeFindings } from "./describe.ts";
import { isRecord } from "./sources.ts";

const runs = Number(process.env["FC_RUNS"] ?? 200);
const valid = join(import.meta.dirname, "fixtures", "valid");
const folders = readdirSync(valid);

/** Some file of some valid fixture, and where in it something happens. */
const start = fc.record({
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

const change = fc.oneof(
  fc.record({ kind: fc.constant("delete" as const) }),
  fc.record({ kind: fc.constant("replace" as const), value: weird }),
  fc.record({ kind: fc.constant("rename" as const), key: strangeKey }),
  fc.record({ kind: fc.constant("copy" as const), key: strangeKey }),
  fc.record({ kind: fc.constant("add" as const), key: strangeKey, value: weird }),
  fc.record({ kind: fc.constant("move" as const) }),
);

/** Changes that keep the shapes, so that the rules and the plan behind them are reached. */
const plausible = fc.oneof(
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

const damage = fc.oneof(
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

describe("mutated stack files", function () {
  this.timeout(600_000);

  it(`with other values and keys: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, fc.array(change, { minLength: 1, maxLength: 3 }), (from, changes) => {
      withFile(from, (text) => {
        const document = parse(text) as unknown;
        changes.forEach((each, index) => {
          mutate(document, each, { at: from.at + index * 31, other: from.other });
        });
        return Buffer.from(stringify(document));
      });
    });
    fc.assert(property, { numRuns: runs });
  });

  it(`with other values of the same shapes: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, fc.array(plausible, { minLength: 1, maxLength: 4 }), (from, changes) => {
      withFile(from, (text) => {
        const document = parse(text) as unknown;
        changes.forEach((each, index) => {
          mutate(document, each, { at: from.at + index * 31, other: from.other });
        });
        return Buffer.from(stringify(document));
      });
    });
    fc.assert(property, { numRuns: runs });
  });

  it(`with damaged text: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, damage, (from, each) => {
      withFile(from, (text) => damaged(text, each, from.at));
    });
    fc.assert(property, { numRuns: runs });
  });

  it("never repeat a secret that stands in plain text", () => {
    const canary = "correct-horse-battery-staple";
    const holders = [
      `{ sshKey: ${canary} }`,
      `[${canary}]`,
      canary,
      `{ sshKey: { secure: [${canary}] } }`,
      `{ a: { b: ${canary} } }`,
    ];
    for (const held of holders) {
      withFile(
        { folder: "three-raspberry-pis", file: 0, at: 0, other: 0 },
        (text) => Buffer.from(`${text}  isthmus:secrets: ${held}\n`),
        (said) => {
          assert.ok(!said.includes(canary), said);
          assert.notEqual(said, "");
        },
      );
    }
    withFile(
      { folder: "three-raspberry-pis", file: 0, at: 0, other: 0 },
      (text) => Buffer.from(text.replace("privateKey: sshKey", `privateKey: ${canary}`)),
      (said) => {
        assert.match(said, /ssh\.privateKey: what stands here is no name of a secret/);
        assert.ok(!said.includes(canary), said);
      },
    );
  });
});

interface Start {
  readonly folder: string;
  readonly file: number;
  readonly at: number;
  readonly other: number;
}

/** Changes one file of a fixture and asserts what must hold of whatever comes of it. */
function withFile(
  from: Start,
  changed: (text: string) => Buffer,
  said: (text: string) => void = () => undefined,
): void {
  const files = validFleet(from.folder);
  const names = [...files.keys()];
  const name = names[from.file % names.length]!;
  const folder = mkdtempSync(join(tmpdir(), "isthmus-mutations-"));
  try {
    for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
    writeFileSync(join(folder, name), changed(files.get(name)!.toString()));
    said(verdict(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a user would read: nothing where all is well. */
function verdict(folder: string): string {
  const planned = planStackFiles(folder);
  if ("fleet" in planned) return "";
  const { findings, sources } = planned;
  assert.ok(findings.length > 0, "neither a plan nor a finding");
  for (const finding of findings) {
    const told = JSON.stringify(finding);
    assert.match(finding.rule, /^[a-z0-9-]+$/, told);
    assert.match(finding.at, /^Pulumi\.([a-z0-9-]+\.)?yaml#/, told);
    assert.ok(finding.problem.length > 3 && finding.fix.length > 3, told);
    assert.doesNotMatch(`${finding.problem} ${finding.fix}`, /\[object |\bundefined\b|\bNaN\b|function /, told);
    const line = sources.line(finding.at);
    assert.ok(Number.isInteger(line) && line >= 1, told);
  }
  return describeFindings(findings, sources);
}

type Change = typeof change extends fc.Arbitrary<infer Of> ? Of : never;
type Plausible = typeof plausible extends fc.Arbitrary<infer Of> ? Of : never;
type Damage = typeof damage extends fc.Arbitrary<infer Of> ? Of : never;

interface Place {
  readonly parent: Record<string, unknown> | unknown[];
  readonly key: string;
}

function mutate(document: unknown, each: Change | Plausible, { at, other }: { at: number; other: number }): void {
  const places = placesIn(document);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const value = get(place);
  switch (each.kind) {
    case "delete": {
      remove(place);
      return;
    }
    case "replace": {
      set(place.parent, place.key, each.value);
      return;
    }
    case "rename":
      remove(place);
      {
        set(place.parent, each.key, value);
        return;
      }
    case "copy": {
      set(place.parent, each.key, structuredClone(value));
      return;
    }
    case "add": {
      set(value, each.key, each.value);
      return;
    }
    case "likewise": {
      set(place.parent, place.key, likewise(value, each.choice));
      return;
    }
    case "service": {
      const [name, settings] = allServices[each.choice % allServices.length]!;
      const services = siteOf(document)?.["services"];
      const service = settings["service"] ?? name;
      set(services, each.key === "" ? name : each.key, structuredClone({ ...settings, service }));
      return;
    }
    case "promise": {
      const site = siteOf(document);
      const names = ["kubernetes", ...Object.keys(site?.["services"] ?? {})];
      set(site, "promises", { [names[each.choice % names.length]!]: ["node", "host", "site", "link"] });
      return;
    }
    case "move": {
      const target = places[other % places.length]!;
      set(target.parent, target.key, structuredClone(value));
      return;
    }
  }
}

function siteOf(document: unknown): Record<string, unknown> | undefined {
  return getAt(document, "config.isthmus:site") as Record<string, unknown> | undefined;
}

/** Every service as some fixture or case has it. */
const allServices = [
  ...folders.flatMap((folder) => [...validFleet(folder)]),
  ...readCases().flatMap(({ files }) => [...files]),
].flatMap(([file, bytes]) => (/^Pulumi\.\w.*\.yaml$/.test(file) ? servicesIn(bytes.toString()) : []));

function servicesIn(text: string): [string, Record<string, unknown>][] {
  const document = parseDocument(text);
  const services: unknown =
    document.errors.length > 0 ? {} : toTree(document.getIn(["config", "isthmus:site", "services"]), document);
  return Object.entries(isRecord(services) ? services : {}).flatMap(
    ([name, settings]): [string, Record<string, unknown>][] => (isRecord(settings) ? [[name, settings]] : []),
  );
}

/** A part of a document as plain data, or nothing where an anchor holds itself. */
function toTree(node: unknown, document: Document): unknown {
  try {
    return isCollection(node) ? (JSON.parse(JSON.stringify(node.toJS(document))) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

const alike: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\d+\.\d+\.\d+\.\d+$/, ["10.0.20.1", "10.0.20.200", "10.0.20.205", "10.147.17.11", "0.0.0.0", "255.255.255.255"]],
  [
    /^[\d.]+\/\d+$/,
    ["0.0.0.0/0", "10.0.20.0/24", "10.0.20.4/31", "10.0.20.5/32", "10.147.17.0/24", "255.255.255.255/32"],
  ],
  [
    /^[\d.]+-[\d.]+$/,
    ["10.0.20.200-10.0.20.200", "10.0.20.209-10.0.20.200", "0.0.0.0-255.255.255.255", "10.147.17.100-10.147.17.109"],
  ],
  [/^\d+(Mi|Gi|Ti)$/, ["0Mi", "1Mi", "512Mi", "4Gi", "999999Ti"]],
  [/^\d+[smhd]$/, ["1s", "1d", "9999d"]],
  [
    /./,
    [
      "home",
      "cabin",
      "private",
      "overlay",
      "constructor",
      "metallb",
      "server",
      "agent",
      "public",
      "pi-1",
      "arm64",
      "amd64",
      "a.b",
      "local-path",
      "volumes",
    ],
  ],
];
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 32, 100, 512];

/** Another value of the same shape. */
function likewise(value: unknown, choice: number): unknown {
  if (typeof value === "number") return numbers[choice % numbers.length];
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return choice % 2 === 0 ? [] : [...(value as unknown[]), ...(value as unknown[])];
  if (typeof value === "object") return {};
  const options = alike.find(([shape]) => shape.test(typeof value === "string" ? value : ""))?.[1] ?? ["home"];
  return options[choice % options.length];
}

const get = ({ parent, key }: Place): unknown => (parent as Record<string, unknown>)[key];

function set(parent: unknown, key: string, value: unknown): void {
  if (Array.isArray(parent)) parent.push(value);
  else if (isRecord(parent))
    Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/** Every key of every map and list. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    { parent: value as Place["parent"], key },
    ...placesIn(inner),
  ]);
}

function damaged(text: string, each: Damage, at: number): Buffer {
  const bytes = Buffer.from(text);
  const position = at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)];
  if ("insert" in each) return Buffer.concat([before, Buffer.from(each.insert), after]);
  if ("bytes" in each) return Buffer.concat([before, each.bytes, after]);
  if ("cut" in each) return Buffer.concat([before, after.subarray(each.cut)]);
  const lines = text.split("\n");
  const line = at % lines.length;
  return Buffer.from([...lines.slice(0, line + 1), ...lines.slice(line)].join("\n"));
}
