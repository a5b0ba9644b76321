import { listAt, mapAt, textAt, type Json } from "../../../cli/lib/charts/kubernetes.ts";
import type { Held } from "./volumes.ts";

/** What a pod knows of itself. */
export interface OfPod {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
}

/** The environment of a container, `$(NAME)` of earlier ones put in. */
export function environmentOf(container: Json, pod: OfPod, held: Held): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of listAt(container, "env")) {
    const name = textAt(entry, "name") ?? "";
    const value = textAt(entry, "value") ?? valueFrom(mapAt(entry, "valueFrom"), pod, held);
    found[name] = value.replace(/\$\((\w+)\)/g, (all, other: string) => found[other] ?? all);
  }
  return found;
}

function valueFrom(source: Json, pod: OfPod, held: Held): string {
  const field = textAt(source, "fieldRef", "fieldPath");
  if (field !== undefined) return fieldOf(field, pod);
  const { name, key } = mapAt(source, "secretKeyRef");
  const value = held[`Secret/${String(name)}`]?.[String(key)];
  if (value === undefined) throw new Error(`no Secret ${String(name)} with a key ${String(key)} is held`);
  return value;
}

function fieldOf(path: string, { name, namespace, address }: OfPod): string {
  const fields = new Map([
    ["metadata.name", name],
    ["metadata.namespace", namespace],
    ["status.podIP", address],
    ["status.hostIP", address],
  ]);
  const value = fields.get(path);
  if (value === undefined) throw new Error(`a field that no pod has here: ${path}`);
  return value;
}
