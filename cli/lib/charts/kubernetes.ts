import { parseAllDocuments } from "yaml";
import { z } from "zod";

/** Plain data below some key. */
export type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The map at a path, empty where there is none. */
export function mapAt(value: unknown, ...path: readonly string[]): Json {
  const found = path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value);
  return isRecord(found) ? found : {};
}

/** The maps in a list at a path. */
export function listAt(value: unknown, ...path: readonly string[]): readonly Json[] {
  const last = path.at(-1) ?? "";
  const found = mapAt(value, ...path.slice(0, -1))[last];
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const last = path.at(-1) ?? "";
  const found = mapAt(value, ...path.slice(0, -1))[last];
  return typeof found === "string" ? found : undefined;
}

/** A text, a number or a switch as text; anything else as JSON. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

/** A map of texts at a path, such as labels. */
export function textsAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(mapAt(value, ...path)).flatMap(([key, one]) => (one === null ? [] : [[key, asText(one)]])),
  );
}

const objectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** An object as a chart renders it. */
export type KubernetesObject = z.infer<typeof objectShape> & Json;

/** The objects of rendered text. Helm's own reader keeps to YAML 1.1. */
export function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { version: "1.1", merge: true, logLevel: "error" }).flatMap((document) => {
    const data: unknown = document.toJS({ maxAliasCount: -1 });
    if (data === null || data === undefined) return [];
    const items = isRecord(data) && data["kind"] === "List" ? listAt(data, "items") : [data];
    return items.map((item) => objectShape.parse(item));
  });
}

/** When Helm makes an object, where it is a hook: `post-install,post-upgrade`. */
export function hookOf({ metadata }: KubernetesObject): string | undefined {
  return textAt(metadata, "annotations", "helm.sh/hook");
}
