import type { z } from "zod";

/** A key that stack files had once. */
export interface MovedKey {
  /** The key that took its place, beside it. */
  readonly to: string;
  /** What to write instead. */
  readonly fix: string;
}

const moved = new WeakMap<z.ZodType, Readonly<Record<string, MovedKey>>>();

/** Says of keys that a schema had once what to write instead: a finding then tells that, and not that they are unknown. */
export function withMovedKeys<Schema extends z.ZodType>(
  schema: Schema,
  keys: Readonly<Record<string, MovedKey>>,
): Schema {
  moved.set(schema, keys);
  return schema;
}

export function movedKey(schema: z.ZodType | undefined, key: string): MovedKey | undefined {
  const keys = schema && moved.get(schema);
  return keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
}
