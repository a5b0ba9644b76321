import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { dnsName, isReference, type Manifest } from "@isthmus/core";
import { crdFiles, isRecord, withoutCharts, type Json } from "./chart-data.ts";
import { describe } from "./schema-error.ts";

const kubernetesDirectory = process.env["ISTHMUS_KUBERNETES"];

/** Why tests that need Kubernetes' own schema are skipped; `undefined` where it is at hand. */
export const withoutKubernetes =
  kubernetesDirectory === undefined
    ? "ISTHMUS_KUBERNETES is not set: it names a folder with openapi-v2-definitions.json of the cluster's version"
    : undefined;

interface ObjectSchema {
  readonly validate: ValidateFunction;
  /** Absent for kinds of Kubernetes itself, whose schema does not say. */
  readonly namespaced?: boolean | undefined;
}

/**
 * What is wrong with an object: fields that its kind does not have, values that its schema refuses, a namespace where it
 * has none. Rules in CEL (`x-kubernetes-validations`) and those of webhooks are not among it.
 */
export function checkObject(manifest: Manifest): string[] {
  const tell = (problem: string): string => `${manifest.kind} ${manifest.metadata.name}: ${problem}`;
  const schema = schemaOf(manifest);
  if (schema === undefined) return [tell(`no schema of ${manifest.apiVersion} ${manifest.kind} is at hand`)];
  const { validate, namespaced } = schema;
  const problems = validate(standIns(manifest)) ? [] : (validate.errors ?? []).map(describe);
  const { name, namespace } = manifest.metadata;
  if (!(manifest.apiVersion.startsWith("rbac.") ? pathSegment : dnsName).test(name))
    problems.push(`metadata.name: "${name}" is not a name that Kubernetes takes`);
  if (namespaced === true && namespace === undefined) problems.push("metadata.namespace: it has to be in a namespace");
  if (namespaced === false && namespace !== undefined) problems.push("metadata.namespace: its kind is in no namespace");
  return problems.map(tell);
}

/** Roles and their bindings: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
const pathSegment = /^(?!\.{1,2}$)[^/%]+$/;

/** References stand for text that only the deployment knows; what waits for a peer, for the value it then has. */
function standIns(value: unknown): unknown {
  if (isReference(value)) return "$linked" in value ? standIns(value.value) : "known when deployed";
  if (Array.isArray(value)) return value.map(standIns);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, standIns(below)]));
}

const known = new Map<string, ObjectSchema | undefined>();

function schemaOf({ apiVersion, kind }: Manifest): ObjectSchema | undefined {
  const id = `${apiVersion}/${kind}`;
  if (!known.has(id)) known.set(id, customSchema(apiVersion, kind) ?? coreSchema(apiVersion, kind));
  return known.get(id);
}

const definitionFile = z.object({
  kind: z.literal("CustomResourceDefinition"),
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    scope: z.enum(["Namespaced", "Cluster"]),
    versions: z.array(
      z.object({
        name: z.string(),
        served: z.boolean(),
        schema: z.object({ openAPIV3Schema: z.record(z.string(), z.unknown()) }),
      }),
    ),
  }),
});

let crdTexts: readonly string[] | undefined;

function customSchema(apiVersion: string, kind: string): ObjectSchema | undefined {
  const [group = "", version = ""] = apiVersion.split("/");
  if (withoutCharts !== undefined || version === "") return undefined;
  crdTexts ??= crdFiles().map((file) => readFileSync(file, "utf8"));
  for (const text of crdTexts) {
    if (!text.includes(`group: ${group}`) || !text.includes(`kind: ${kind}`)) continue;
    for (const document of parseAllDocuments(text)) {
      const { data } = definitionFile.safeParse(document.toJS());
      if (data?.spec.group !== group || data.spec.names.kind !== kind) continue;
      const found = data.spec.versions.find((one) => one.name === version && one.served);
      if (found === undefined) continue;
      const schema = withObjectFields(convert(found.schema.openAPIV3Schema, "closed"));
      return { validate: ajv().compile(schema), namespaced: data.spec.scope === "Namespaced" };
    }
  }
  return undefined;
}

/** Every object has these three, whether its schema names them or not. */
function withObjectFields(schema: Json): Json {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const common = { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: objectMetadata };
  return { ...schema, properties: { ...properties, ...common } };
}

const texts = { type: "object", additionalProperties: { type: "string" } } as const;
/** Of metadata, what we write ourselves. */
const objectMetadata = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string" }, namespace: { type: "string" }, labels: texts, annotations: texts },
  additionalProperties: false,
} as const;

let definitions: Json | undefined;

function coreSchema(apiVersion: string, kind: string): ObjectSchema | undefined {
  const file = join(kubernetesDirectory ?? "", "openapi-v2-definitions.json");
  if (kubernetesDirectory === undefined || !existsSync(file)) return undefined;
  if (definitions === undefined) {
    const read = JSON.parse(readFileSync(file, "utf8")) as Json;
    definitions = isRecord(read["definitions"]) ? read["definitions"] : read;
  }
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const entry = Object.entries(definitions).find(([, schema]) => {
    const kinds = isRecord(schema) ? schema["x-kubernetes-group-version-kind"] : undefined;
    return (
      Array.isArray(kinds) &&
      kinds.some((one) => isRecord(one) && one["group"] === group && one["version"] === version && one["kind"] === kind)
    );
  });
  if (entry === undefined) return undefined;
  const converted = Object.fromEntries(
    Object.entries(definitions).map(([name, one]) => [name, convert(one as Json, "closed")]),
  );
  return { validate: ajv().compile({ $ref: `#/definitions/${entry[0]}`, definitions: converted }) };
}

function ajv(): Ajv {
  const code = { regExp: goPattern };
  return new Ajv({ strict: false, allErrors: true, validateFormats: false, verbose: true, logger: false, code });
}

/** `closed`: fields that are not named are errors. `open`: below `anyOf` and its like, which only add to what stands outside. */
type Mode = "closed" | "open";

/** A schema in OpenAPI's dialect, as Kubernetes uses it, in JSON Schema's. */
function convert(schema: Json, mode: Mode): Json {
  if (typeof schema["$ref"] === "string") return { $ref: schema["$ref"] };
  if (schema["x-kubernetes-int-or-string"] === true || schema["format"] === "int-or-string") return intOrString(schema);
  const { nullable, exclusiveMinimum, exclusiveMaximum, properties, ...rest } = schema;
  const converted: Record<string, unknown> = { ...rest, ...exclusive({ exclusiveMinimum, exclusiveMaximum, ...rest }) };
  if (isRecord(properties)) converted["properties"] = each(properties, mode);
  for (const keyword of ["items", "additionalProperties", "not"] as const) {
    const below = schema[keyword];
    if (isRecord(below)) converted[keyword] = convert(below, keyword === "not" ? "open" : mode);
  }
  for (const keyword of ["allOf", "anyOf", "oneOf"] as const) {
    const several = schema[keyword];
    if (Array.isArray(several)) converted[keyword] = several.filter(isRecord).map((one) => convert(one, "open"));
  }
  if (mode === "closed" && isRecord(properties) && !keepsUnknown(schema)) converted["additionalProperties"] ??= false;
  if (schema["x-kubernetes-embedded-resource"] === true) return withObjectFields(converted);
  if (nullable === true && typeof schema["type"] === "string") converted["type"] = [schema["type"], "null"];
  return converted;
}

function each(properties: Json, mode: Mode): Json {
  return Object.fromEntries(
    Object.entries(properties).map(([name, below]) => [name, isRecord(below) ? convert(below, mode) : below]),
  );
}

function keepsUnknown(schema: Json): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true;
}

function intOrString({ pattern }: Json): Json {
  return { type: ["integer", "string"], ...(pattern === undefined ? {} : { pattern }) };
}

/** OpenAPI 3.0 says by a boolean whether a bound is excluded, JSON Schema by a number of its own. */
function exclusive({ exclusiveMinimum, exclusiveMaximum, minimum, maximum }: Json): Json {
  return {
    ...(exclusiveMinimum === true ? { exclusiveMinimum: minimum } : {}),
    ...(exclusiveMaximum === true ? { exclusiveMaximum: maximum } : {}),
  };
}

/** CRDs are written in Go, whose patterns may begin with `(?i)` where JavaScript has a flag. */
const goPattern = Object.assign(
  (pattern: string, flags: string): RegExp =>
    pattern.includes("(?i)") ? new RegExp(pattern.replace("(?i)", ""), `${flags}i`) : new RegExp(pattern, flags),
  { code: "new RegExp" },
);
