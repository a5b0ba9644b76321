import { Environment } from "@marcbachmann/cel-js";
import { quote } from "@isthmus/core";
import { isRecord, listAt, mapAt, textAt, type Json } from "../kubernetes.ts";

/**
 * What rules of a CRD's schema refuse that JSON Schema cannot say: those in CEL, and lists whose items have to differ. A rule on a change
 * (`oldSelf`) does not hold of an object that is made. One in words of CEL that nobody knows here is told, not passed over.
 * https://kubernetes.io/docs/reference/using-api/cel/
 */
export function brokenRules(schema: Json, value: unknown, path = ""): readonly string[] {
  if (value === undefined || value === null) return [];
  const own = listAt(schema, "x-kubernetes-validations").flatMap((rule) => broken(rule, schema, value));
  return [
    ...[...own, ...doubled(schema, value)].map((problem) => `${path}: ${problem}`),
    ...below(schema, value, path),
  ];
}

function below(schema: Json, value: unknown, path: string): readonly string[] {
  const at = (key: string | number): string => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value)) {
    const items = mapAt(schema, "items");
    return value.flatMap((item, index) => brokenRules(items, item, at(index)));
  }
  if (!isRecord(value)) return [];
  const properties = mapAt(schema, "properties");
  const others = mapAt(schema, "additionalProperties");
  return Object.entries(value).flatMap(([key, one]) =>
    brokenRules(isRecord(properties[key]) ? properties[key] : others, one, at(key)),
  );
}

const environment = new Environment({ unlistedVariablesAreDyn: true });

function broken(validation: Json, schema: Json, value: unknown): string[] {
  const rule = textAt(validation, "rule") ?? "";
  if (/\boldSelf\b/.test(rule) && validation["optionalOldSelf"] !== true) return [];
  try {
    if (environment.parse(rule)({ self: celValue(value, schema) }) === true) return [];
    return [`${quote(value)} breaks its rule: ${textAt(validation, "message") ?? rule}`];
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return [`its rule ${quote(rule)} cannot be judged here: ${reason}`];
  }
}

/** Whole numbers are a kind of their own in CEL. Fields are called as CEL can write them. */
function celValue(value: unknown, schema: Json): unknown {
  if (typeof value === "number") return Number.isInteger(value) && schema["type"] !== "number" ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => celValue(item, mapAt(schema, "items")));
  if (!isRecord(value)) return value;
  const properties = mapAt(schema, "properties");
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const own = properties[key];
      return isRecord(own)
        ? [celName(key), celValue(one, own)]
        : [key, celValue(one, mapAt(schema, "additionalProperties"))];
    }),
  );
}

const reserved =
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  );

/** https://kubernetes.io/docs/reference/using-api/cel/#escaping */
function celName(key: string): string {
  if (reserved.includes(key)) return `__${key}__`;
  return key
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy: no item of a set, and no key of a list of maps, twice. */
function doubled(schema: Json, value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return [];
  const keys = schema["x-kubernetes-list-map-keys"];
  const named = (item: unknown): string =>
    JSON.stringify(
      type === "map" && isRecord(item) && Array.isArray(keys) ? keys.map((key) => item[String(key)]) : item,
    );
  const names = value.map(named);
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`);
}
