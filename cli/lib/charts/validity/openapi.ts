import { isRecord, type Json } from "../kubernetes.ts";

/** `closed`: fields that are not named are errors. `open`: below `anyOf` and its like, which only add to what stands outside. */
type Mode = "closed" | "open";

/** A schema in OpenAPI's dialect, as Kubernetes uses it, in JSON Schema's. A field that it does not name is an error. */
export function jsonSchemaOf(schema: Json, mode: Mode = "closed"): Json {
  if (typeof schema["$ref"] === "string") return { $ref: schema["$ref"] };
  if (schema["x-kubernetes-int-or-string"] === true || schema["format"] === "int-or-string") return intOrString(schema);
  const { nullable, exclusiveMinimum, exclusiveMaximum, properties, ...rest } = schema;
  const converted: Record<string, unknown> = { ...rest, ...exclusive({ exclusiveMinimum, exclusiveMaximum, ...rest }) };
  if (isRecord(properties)) converted["properties"] = each(properties, mode);
  for (const keyword of ["items", "additionalProperties", "not"] as const) {
    const below = schema[keyword];
    if (isRecord(below)) converted[keyword] = jsonSchemaOf(below, keyword === "not" ? "open" : mode);
  }
  for (const keyword of ["allOf", "anyOf", "oneOf"] as const) {
    const several = schema[keyword];
    if (Array.isArray(several)) converted[keyword] = several.filter(isRecord).map((one) => jsonSchemaOf(one, "open"));
  }
  if (mode === "closed" && isRecord(properties) && !keepsUnknown(schema)) converted["additionalProperties"] ??= false;
  if (schema["x-kubernetes-embedded-resource"] === true) return withObjectFields(converted);
  if (nullable === true && typeof schema["type"] === "string") converted["type"] = [schema["type"], "null"];
  return converted;
}

const texts = { type: "object", additionalProperties: { type: "string" } } as const;
/** Of metadata, what is written by hand. */
const objectMetadata = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string" }, namespace: { type: "string" }, labels: texts, annotations: texts },
  additionalProperties: false,
} as const;

/** Every object has these three, whether its schema names them or not. */
export function withObjectFields(schema: Json): Json {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const common = { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: objectMetadata };
  return { ...schema, properties: { ...properties, ...common } };
}

function each(properties: Json, mode: Mode): Json {
  return Object.fromEntries(
    Object.entries(properties).map(([name, below]) => [name, isRecord(below) ? jsonSchemaOf(below, mode) : below]),
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
