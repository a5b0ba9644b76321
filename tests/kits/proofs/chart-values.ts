import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { closest } from "fastest-levenshtein";
import { getAt, quote, type ReleasePlan, type Values } from "@isthmus/core";
import { chartData, coalesce, isRecord, type ChartData, type Json } from "./chart-data.ts";
import { describe } from "../../../cli/lib/charts/validity/describe.ts";

export { withoutCharts } from "./chart-data.ts";
export { checkObject, withoutKubernetes } from "./object-schemas.ts";
export { provePlacement, renderService } from "./placement-proof.ts";

/**
 * Maps that a chart fills and yet hands on as they are, which its `values.yaml` says in prose only:
 * traefik `service.spec`: "Additional entries here will be added to the Service spec".
 */
const openMaps: Readonly<Record<string, readonly string[]>> = {
  // grafana `grafana.ini`: "Grafana's primary configuration"; the template writes every section and key. `podAnnotations` stands there as a comment,
  // and templates/deployment.yaml writes all of it.
  "kube-prometheus-stack": ["grafana.grafana.ini", "grafana.podAnnotations"],
  // minio `resources`: "Configure resource requests and limits"; its default has nothing but memory.
  minio: ["resources"],
  traefik: ["service.spec"],
};

/**
 * What is wrong with a release's values, as placed: keys that the chart does not know, values of another type than the
 * default, and what the chart's own schema refuses. Empty: the chart takes them.
 */
export function checkRelease(release: Pick<ReleasePlan, "name" | "chart">, values: Values): string[] {
  const { chart } = release;
  const data = chartData(chart.name);
  const tell = (problem: string): string => `${release.name} (${chart.name} ${chart.version}): ${problem}`;
  if (data === undefined) return [tell("there is no data of this chart, so its values cannot be checked")];
  if (bare(data.version) !== bare(chart.version)) return [tell(`the data at hand is of version ${data.version}`)];
  const problems = [
    ...unknownKeys(chart.name, data, values),
    ...schemaProblems(data, coalesce(data.defaults, values), ""),
  ];
  return problems.map(tell);
}

/**
 * Dotted paths of `resources` that stay empty: containers whose requests and limits nobody states, where their part is switched on.
 * Subcharts that are switched off are left out.
 */
export function resourcesLeftOpen(release: Pick<ReleasePlan, "chart">, values: Values): string[] {
  const data = chartData(release.chart.name);
  if (data === undefined) return [];
  const merged = coalesce(data.defaults, values);
  const off = Object.entries(data.subcharts).flatMap(([key, { conditions }]) =>
    isEnabled(conditions, merged) ? [] : [key],
  );
  const walk = (value: unknown, path: readonly string[]): string[] => {
    if (!isRecord(value) || (path.length === 1 && off.includes(path[0] ?? ""))) return [];
    const last = path.at(-1) ?? "";
    if (/^resources$|Resources$/.test(last))
      return isRecord(value["requests"]) && isRecord(value["limits"]) ? [] : [path.join(".")];
    return Object.entries(value).flatMap(([key, below]) => walk(below, [...path, key]));
  };
  return walk(merged, []);
}

const bare = (version: string): string => version.replace(/^v/, "");

interface Place {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly standing: unknown;
  /** What the chart's schema says of this place. */
  readonly schemas: readonly Json[];
}

/** What a chart leaves open (`{}`, `[]`, null) takes anything below; `{}` still wants a map, and `[]` a list. */
function unknownKeys(chart: string, data: ChartData, values: Values): string[] {
  const open = new Set(openMaps[chart] ?? []);
  const root = data.schema;
  const walk = (place: Place): string[] => {
    const { path, value, standing, schemas } = place;
    if (value === null || standing === null || standing === undefined) return [];
    if (!isRecord(value) || !isRecord(standing)) return typeProblem(place);
    if (Object.keys(standing).length === 0 || open.has(path.join("."))) return [];
    return Object.entries(value).flatMap(([key, below]) => {
      const deeper = [...path, key];
      const declared = root === undefined ? [] : schemas.flatMap((schema) => schemasAt(root, schema, key));
      if (Object.hasOwn(standing, key))
        return walk({ path: deeper, value: below, standing: standing[key], schemas: declared });
      if (path.length === 0 && lacksSubchart(data, key)) return [`${key}: there is no data of this subchart`];
      if (declared.length > 0 || commentedAt(data, path).has(key) || open.has(deeper.join("."))) return [];
      const near = closest(key, Object.keys(standing));
      return [`${deeper.join(".")}: the chart has no such key; the nearest is ${[...path, near].join(".")}`];
    });
  };
  return walk({ path: [], value: values, standing: data.defaults, schemas: root === undefined ? [] : [root] });
}

function typeProblem({ path, value, standing, schemas }: Place): string[] {
  // A schema of the chart's own knows better than the default; it is asked afterwards.
  if (schemas.length > 0) return [];
  const given = typeName(value);
  const wanted = typeName(standing);
  if (given === wanted) return [];
  return [
    `${path.join(".")}: ${quote(value)} is a ${given}, and the chart's default is a ${wanted} (${quote(standing)})`,
  ];
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "map" : typeof value;
}

function lacksSubchart(data: ChartData, key: string): boolean {
  const subchart = Object.hasOwn(data.subcharts, key) ? data.subcharts[key] : undefined;
  return subchart !== undefined && subchart.data === undefined;
}

/** A subchart's keys may be commented out in its own values, and in those of the chart around it. */
function commentedAt(data: ChartData, path: readonly string[]): ReadonlySet<string> {
  const [first, ...rest] = path;
  const subchart = first === undefined ? undefined : data.subcharts[first]?.data;
  return new Set([
    ...(data.commented.get(path.join(".")) ?? []),
    ...(subchart === undefined ? [] : commentedAt(subchart, rest)),
  ]);
}

/** What a schema says of the value under `key`: one schema for each keyword that does. */
function schemasAt(root: Json, schema: Json, key: string): Json[] {
  const found: Json[] = [];
  const resolved = resolve(root, schema);
  const { properties, patternProperties, additionalProperties } = resolved;
  if (isRecord(properties) && isRecord(properties[key])) found.push(properties[key]);
  if (isRecord(patternProperties)) {
    for (const [pattern, below] of Object.entries(patternProperties)) {
      if (new RegExp(pattern).test(key) && isRecord(below)) found.push(below);
    }
  }
  if (found.length === 0 && isRecord(additionalProperties)) found.push(additionalProperties);
  for (const keyword of ["allOf", "anyOf", "oneOf"] as const) {
    const several = resolved[keyword];
    if (Array.isArray(several)) found.push(...several.filter(isRecord).flatMap((one) => schemasAt(root, one, key)));
  }
  return found;
}

function resolve(root: Json, schema: Json): Json {
  const reference = schema["$ref"];
  if (typeof reference !== "string" || !reference.startsWith("#/")) return schema;
  const keys = reference
    .slice(2)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const target = keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), root);
  return isRecord(target) ? resolve(root, target) : schema;
}

const compiled = new WeakMap<Json, ValidateFunction>();

function schemaProblems(data: ChartData, values: Json, prefix: string): string[] {
  const own = data.schema === undefined ? [] : errorsOf(data.schema, values).map((problem) => `${prefix}${problem}`);
  const below = Object.entries(data.subcharts).flatMap(([key, subchart]) =>
    subchart.data === undefined || !isEnabled(subchart.conditions, values)
      ? []
      : schemaProblems(subchart.data, isRecord(values[key]) ? values[key] : {}, `${prefix}${key}.`),
  );
  return [...own, ...below];
}

function isEnabled(conditions: readonly string[], values: Json): boolean {
  const first = conditions.map((path) => getAt(values, path)).find((value) => typeof value === "boolean");
  return first ?? true;
}

function errorsOf(schema: Json, values: Json): string[] {
  const validate = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, validate);
  return validate(values) ? [] : (validate.errors ?? []).map(describe);
}

function compile({ $schema, ...schema }: Json): ValidateFunction {
  const options = { strict: false, allErrors: true, validateFormats: false, verbose: true, logger: false } as const;
  return (String($schema).includes("2020-12") ? new Ajv2020(options) : new Ajv(options)).compile(schema);
}
