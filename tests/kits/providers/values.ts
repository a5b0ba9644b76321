/**
 * What travels between the engine and a provider: JSON, with two kinds of marks in it.
 * The marks are part of the wire format: https://pulumi-developer-docs.readthedocs.io/latest/docs/references/properties.html
 */
import * as marks from "../../../components/core/pulumi-values.ts";
import struct, { type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

export type Value = null | boolean | number | string | readonly Value[] | Properties;
export interface Properties {
  readonly [key: string]: Value;
}

/** The wire form of a value that is not known yet. */
export const UNKNOWN = marks.unknownMark;

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
  return value !== undefined && marks.isUnknown(reveal(value));
}

export function secret(value: Value): Value {
  return isSecret(value) ? value : (marks.markSecret(value) as Properties);
}

export function isSecret(value: Value | undefined): boolean {
  return marks.isSecret(value);
}

/** The value without the secret marks, at any depth. */
export function reveal(value: Value): Value {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  if (isSecret(value)) return reveal(value["value"] ?? null);
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
