import { availableParallelism } from "node:os";
import type { Values } from "@isthmus/core";
import { isRecord } from "./kubernetes.ts";

type Path = readonly string[];
type Render = (values: Values) => Promise<string>;

/**
 * Paths of values that the chart does not read: it makes the same without them, and the same with others in their place. A value
 * that is the chart's default is read: it stays, so that another default changes nothing.
 */
export async function idleValues(values: Values, render: Render): Promise<readonly string[]> {
  const whole = await render(values);
  // A chart that refuses such values says nothing of whether it reads them.
  const differs = async (path: Path, other: unknown): Promise<boolean> => {
    const text = await render(put(values, path, other)).catch(() => undefined);
    // Unless it could not be told otherwise: a switch has no other value that is of the wrong shape.
    return text === undefined ? typeof other === "boolean" : text !== whole;
  };
  const paths = leaves(values);
  const idle = await eachOf(paths, async (path) => {
    const rest = leftOut(values, path);
    const without = await render(rest).catch(() => undefined);
    if (without !== whole) return false;
    for (const other of others(valueAt(values, path))) if (await differs(path, other)) return false;
    return true;
  });
  return paths.filter((_, index) => idle[index]).map((path) => path.join("."));
}

/** What is no map, or an empty one. A list counts as a whole. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return path.length === 0 ? [] : [path];
  return Object.entries(value).flatMap(([key, below]) => leaves(below, [...path, key]));
}

const valueAt = (values: Values, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), values);

function leftOut(value: Values, [key = "", ...rest]: Path): Values {
  const { [key]: below, ...others } = value;
  return rest.length === 0 || !isRecord(below) ? others : { ...others, [key]: leftOut(below, rest) };
}

function put(value: Values, [key = "", ...rest]: Path, other: unknown): Values {
  const below = value[key];
  return { ...value, [key]: rest.length === 0 ? other : put(isRecord(below) ? below : {}, rest, other) };
}

const toleration = { key: "example.com/other", operator: "Exists", effect: "NoSchedule" };
const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } };

/** Other values that could stand in place of one. */
function others(value: unknown): readonly unknown[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [toleration, "other", { name: "other" }].map((more) => [...items, more]);
  }
  if (typeof value === "string")
    return [`${value}-other`, "1", "Ignore", "Recreate", "NodePort", "DaemonSet", "ReadWriteMany"];
  return [affinity, { other: "other" }];
}

/** As many at a time as there are processors. */
async function eachOf<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return results;
}
