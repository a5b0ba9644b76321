/** What changed between two sets of inputs, path by path. Pure. */
import { contains, isObject, reveal, type Properties, type Value } from "./values.ts";

export interface Change {
  /** Dotted, without a leading dot: `metadata.labels.app`, `disks.0.size`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
}

/** Secret marks do not count; a value that is not known yet counts as changed. */
export function changes(before: Properties, after: Properties): readonly Change[] {
  return compare(reveal(before), reveal(after), "");
}

function compare(before: Value | undefined, after: Value | undefined, path: string): readonly Change[] {
  if (before === undefined || after === undefined) {
    if (before === after) return [];
    return [{ path, kind: before === undefined ? "add" : "delete" }];
  }
  if (isObject(before) && isObject(after)) return compareKeys(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) {
    return compareKeys(byIndex(before), byIndex(after), path);
  }
  const same = JSON.stringify(before) === JSON.stringify(after) && !contains(after, "unknown");
  return same ? [] : [{ path, kind: "update" }];
}

type Keyed = Readonly<Record<string, Value>>;

function byIndex(list: readonly Value[]): Keyed {
  return Object.fromEntries(list.map((value, index) => [String(index), value]));
}

function compareKeys(before: Keyed, after: Keyed, path: string): readonly Change[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => compare(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

/** Whether a path lies at or under one of the patterns; `*` stands for one element: `disks.*.fileId`. */
export function touches(path: string, patterns: readonly string[]): boolean {
  const parts = path.split(".");
  return patterns.some((pattern) => {
    const wanted = pattern.split(".");
    const depth = Math.min(wanted.length, parts.length);
    return wanted.slice(0, depth).every((want, index) => want === "*" || want === parts[index]);
  });
}
