/**
 * What travels between the engine and a provider: JSON, with two kinds of marks in it.
 * The marks are part of the wire format: https://pulumi-developer-docs.readthedocs.io/latest/docs/references/properties.html
 */
import struct, { type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

export type Value = null | boolean | number | string | readonly Value[] | Properties;
export interface Properties {
  readonly [key: string]: Value;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The wire form of a value that is not known yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** One mark for each type that an unknown value may have: string, bool, number, array, asset, archive, object. */
const UNKNOWNS: ReadonlySet<Value> = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export type Struct = InstanceType<typeof struct.Struct>;

/** A message's properties as plain JSON, marks included. */
export function fromStruct(message: Struct | undefined): Properties {
  return message?.toJavaScript() ?? {};
}

/** Plain JSON as a message; keys without a value are left out. */
export function toStruct(properties: Properties): Struct {
  const present = Object.entries(properties).filter(([, value]) => (value as unknown) !== undefined);
  return struct.Struct.fromJavaScript(Object.fromEntries(present as [string, JavaScriptValue][]));
}

export function isObject(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isUnknown(value: Value | undefined): boolean {
  return value !== undefined && UNKNOWNS.has(reveal(value));
}

export function secret(value: Value): Value {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

export function isSecret(value: Value | undefined): boolean {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** The value without the secret marks, at any depth. */
export function reveal(value: Value): Value {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return reveal(value["value"] ?? null);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

export function revealAll(properties: Properties): Properties {
  return reveal(properties) as Properties;
}

/** Whether any part of it is a secret, or is unknown. */
export function contains(value: Value | undefined, what: "secret" | "unknown"): boolean {
  if (value === undefined) return false;
  if (what === "secret" && isSecret(value)) return true;
  if (what === "unknown" && isUnknown(value)) return true;
  if (Array.isArray(value)) return value.some((inner: Value) => contains(inner, what));
  return isObject(value) && Object.values(value).some((inner) => contains(inner, what));
}

/** The value at a dotted path, secret marks removed; undefined where nothing is. */
export function at(properties: Properties, path: string): Value | undefined {
  let value: Value | undefined = reveal(properties);
  for (const key of path.split(".")) {
    if (Array.isArray(value)) value = (value as readonly Value[])[Number(key)];
    else value = isObject(value) ? value[key] : undefined;
  }
  return value ?? undefined;
}

/** The text at a dotted path, or undefined where there is none. */
export function textAt(properties: Properties, path: string): string | undefined {
  const value = at(properties, path);
  return typeof value === "string" && value !== "" ? value : undefined;
}
