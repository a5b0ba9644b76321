import { parseAllDocuments } from "yaml";
import { isSecret, isUnknown, revealed } from "@isthmus/core";
import { isRecord, type Props } from "./resource.ts";

/** A place in nested data. */
export interface Node {
  /** The keys that lead to it; list positions as `[0]`. */
  readonly keys: readonly string[];
  /** What stands there, with the mark of a secret taken off. */
  readonly value: unknown;
  /** Whether it carries the mark of a secret. */
  readonly secret: boolean;
  /** The map that it stands in. */
  readonly holder?: Props | undefined;
}

/** Every map, list and leaf of `value`, outside in; also those of YAML documents that are written down as text. */
export function nodesOf(value: unknown): readonly Node[] {
  const nodes: Node[] = [];
  collect({ keys: [], value: revealed(value), secret: isSecret(value) }, nodes);
  return nodes;
}

function collect(node: Node, into: Node[]): void {
  into.push(node);
  const value = typeof node.value === "string" ? embedded(node.value) : node.value;
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      collect({ keys: [...node.keys, `[${index}]`], value: revealed(item), secret: isSecret(item) }, into);
    });
  } else if (isRecord(value)) {
    if (value !== node.value) into.push({ ...node, value });
    for (const [key, item] of Object.entries(value)) {
      if (key.startsWith("__")) continue; // what the engine and providers note down for themselves
      collect({ keys: [...node.keys, key], value: revealed(item), secret: isSecret(item), holder: value }, into);
    }
  }
}

/** What a text of several lines holds, if it is YAML of maps and lists; the parts of a stream as a list. */
function embedded(text: string): unknown {
  if (!text.includes("\n") || !/^\s*(- )?["']?[\w./-]+["']?:(\s|$)/m.test(text)) return undefined;
  try {
    const documents = parseAllDocuments(text, { logLevel: "silent", strict: false, uniqueKeys: false });
    if (!Array.isArray(documents) || documents.some((document) => document.errors.length > 0)) return undefined;
    const values = documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown);
    return values.length === 1 ? values[0] : values;
  } catch {
    return undefined; // an alias that leads nowhere: not YAML that anybody reads
  }
}

/** A path as people write it: `values.env[0].value`. */
export function pathText(root: string, keys: readonly string[]): string {
  return keys.reduce((path, key) => (key.startsWith("[") ? `${path}${key}` : `${path}.${key}`), root);
}

/** The path of the first value below `value` that only the deployment will know. */
export function firstUnknown(root: string, value: unknown): string | undefined {
  const found = nodesOf(value).find((node) => isUnknown(node.value));
  return found === undefined ? undefined : pathText(root, found.keys);
}
