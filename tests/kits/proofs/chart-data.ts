import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument, visit, type YAMLMap } from "yaml";
import { z } from "zod";

/** Where the values, schemas and CRDs of the pinned charts lie, one folder a chart; absent where a machine has none. */
export const chartsDirectory = process.env["ISTHMUS_CHARTS"];

/** Why tests that need the data of charts are skipped; `undefined` where it is at hand. */
export const withoutCharts =
  chartsDirectory === undefined
    ? "ISTHMUS_CHARTS is not set: it names a folder with values.yaml, values.schema.json and crds/ of each pinned chart"
    : undefined;

export type Json = Readonly<Record<string, unknown>>;

/** What is known of a chart without its templates. */
export interface ChartData {
  readonly version: string;
  /** Defaults, those of subcharts merged in below their name or alias. */
  readonly defaults: Json;
  /** Keys that `values.yaml` names in comments only, by the dotted path of the map that they would stand in. */
  readonly commented: ReadonlyMap<string, ReadonlySet<string>>;
  readonly schema?: Json | undefined;
  /** By the key that their values stand below. */
  readonly subcharts: Readonly<Record<string, Subchart>>;
}

export interface Subchart {
  /** Dotted paths in the parent's values that switch it; the first that is there decides. */
  readonly conditions: readonly string[];
  /** Absent where the chart's data does not include it. */
  readonly data?: ChartData | undefined;
}

const chartFile = z.object({
  version: z.string(),
  dependencies: z
    .array(z.object({ name: z.string(), alias: z.string().optional(), condition: z.string().optional() }))
    .optional(),
});

const indexFile = z.array(z.object({ name: z.string(), version: z.string() }));

const known = new Map<string, ChartData | undefined>();

/** The data of a chart, or `undefined` where there is none of it. */
export function chartData(name: string): ChartData | undefined {
  if (!known.has(name)) known.set(name, readChart(name));
  return known.get(name);
}

function readChart(name: string): ChartData | undefined {
  const root = chartsDirectory ?? "";
  const folder = join(root, name);
  const index = join(root, "index.json");
  if (!existsSync(join(folder, "values.yaml"))) return undefined;
  // Chart.yaml in git often holds a placeholder; the index says which release the files are of.
  const entries = existsSync(index) ? indexFile.parse(JSON.parse(readFileSync(index, "utf8"))) : [];
  const version = entries.find((entry) => entry.name === name)?.version;
  const data = readFolder(folder);
  return version === undefined ? data : { ...data, version };
}

function readFolder(folder: string): ChartData {
  const { version, dependencies = [] } = chartFile.parse(parse(readFileSync(join(folder, "Chart.yaml"), "utf8")));
  const subcharts: Record<string, Subchart> = {};
  for (const { name, alias, condition } of dependencies) {
    const below = join(folder, "charts", name);
    subcharts[alias ?? name] = {
      conditions: condition?.split(",").map((path) => path.trim()) ?? [],
      data: existsSync(join(below, "Chart.yaml")) ? readFolder(below) : undefined,
    };
  }
  const values = existsSync(join(folder, "values.yaml")) ? readFileSync(join(folder, "values.yaml"), "utf8") : "";
  const schema = join(folder, "values.schema.json");
  const own = (parse(values, { merge: true }) ?? {}) as Json;
  return {
    version,
    defaults: withSubcharts(own, subcharts),
    commented: keysInComments(values),
    schema: existsSync(schema) ? (JSON.parse(readFileSync(schema, "utf8")) as Json) : undefined,
    subcharts,
  };
}

/** The parent's values for a subchart win over its own; `global` is the same for all. */
function withSubcharts(own: Json, subcharts: Readonly<Record<string, Subchart>>): Json {
  return Object.entries(subcharts).reduce<Json>((values, [key, { data }]) => {
    if (data === undefined) return values;
    const below = coalesce(data.defaults, isRecord(values[key]) ? values[key] : {});
    return { ...values, [key]: below, ...mergedGlobal(values["global"], data.defaults["global"]) };
  }, own);
}

function mergedGlobal(own: unknown, sub: unknown): Json {
  return isRecord(sub) ? { global: coalesce(sub, isRecord(own) ? own : {}) } : {};
}

/** Values over defaults as Helm merges them: maps key by key, all else replaced; `null` takes a default away. */
export function coalesce(defaults: Json, values: Json): Json {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(values)) {
    const standing = merged[key];
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = isRecord(value) && isRecord(standing) ? coalesce(standing, value) : value;
  }
  return merged;
}

/** A chart offers optional keys in comments such as `# minAvailable: 1`. */
function keysInComments(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const document = parseDocument(text, { merge: true });
  visit(document, {
    Map(_, map, ancestors) {
      const keys = new Set(commentsOf(map).flatMap(keysIn));
      if (keys.size > 0) found.set(pathOf(ancestors).join("."), keys);
    },
  });
  return found;
}

function commentsOf(map: YAMLMap): string[] {
  const comments = map.items.flatMap(({ key, value }) => [key, value]).concat([map]);
  return comments.flatMap((node) => {
    const { commentBefore, comment } = (node ?? {}) as { commentBefore?: string | null; comment?: string | null };
    return [commentBefore ?? "", comment ?? ""];
  });
}

function keysIn(comment: string): string[] {
  return [...comment.matchAll(/^[\s#]*([A-Za-z][\w.-]*):(?:\s|$)/gm)].flatMap(([, key]) =>
    key === undefined ? [] : [key],
  );
}

function pathOf(ancestors: readonly unknown[]): string[] {
  return ancestors.flatMap((ancestor) => {
    const key = (ancestor as { key?: { value?: unknown } }).key?.value;
    return typeof key === "string" ? [key] : [];
  });
}

/** Every CRD file of the charts and their subcharts. */
export function crdFiles(): string[] {
  if (chartsDirectory === undefined) return [];
  return readdirSync(chartsDirectory, { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)crds\/.*\.ya?ml$/.test(path) && !/Chart\.yaml$|kustomization/.test(path))
    .map((path) => join(chartsDirectory, path))
    .sort();
}

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
