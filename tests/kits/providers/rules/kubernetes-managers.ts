/**
 * Who wrote which field of an object, as server-side apply keeps it: each writer owns the fields that it applied last.
 * Sources: https://kubernetes.io/docs/reference/using-api/server-side-apply/ (conflicts, merging, clearing managedFields),
 * pulumi-kubernetes, provider/pkg/await/await.go (`Creation`, `ssaUpdate`, `patchForce`, `handleSSAErr`) and
 * provider/pkg/provider/provider.go (`fieldManagerName`).
 */
import { randomBytes } from "node:crypto";

import { Refusal } from "../contract.ts";
import { at, isObject, textAt, type Properties, type Value } from "../values.ts";

/** Keys from the root to a field; a list is one field. */
export type FieldPath = readonly string[];
export type Managers = Readonly<Record<string, readonly FieldPath[]>>;

export interface Written {
  readonly inputs: Properties;
  readonly managers: Managers;
}

export interface Apply {
  readonly manager: string;
  readonly force: boolean;
  readonly inputs: Properties;
}

const ANNOTATION = "pulumi.com/patchFieldManager";

/** Annotation, then state, then a name made up for this one call. */
export function fieldManagerName(inputs: Properties, state: Properties): string {
  const annotations = at(inputs, "metadata.annotations");
  const given = isObject(annotations) ? annotations[ANNOTATION] : undefined;
  if (typeof given === "string" && given !== "") return given;
  return textAt(state, "__fieldManager") ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/** The object after one writer applied all that it wants; refused where another one holds a field with another value. */
export function applied(before: Written | undefined, { manager, force, inputs }: Apply): Written {
  const wanted = leaves(inputs);
  const live = before ?? { inputs: {}, managers: {} };
  const differs = (path: FieldPath): boolean => {
    const [has, wants] = [valueAt(live.inputs, path), valueAt(inputs, path)];
    return wants !== undefined && has !== undefined && JSON.stringify(has) !== JSON.stringify(wants);
  };
  const others = Object.entries(live.managers).filter(([name]) => name !== manager);
  const conflicts = others.flatMap(([name, paths]) => paths.filter(differs).map((path) => ({ name, path })));
  if (conflicts.length > 0 && !force) throw new Refusal(conflictText(manager, conflicts));
  const kept = others.map(([name, paths]) => [name, paths.filter((path) => !differs(path))] as const);
  const managers = Object.fromEntries([...kept, [manager, wanted] as const].filter(([, paths]) => paths.length > 0));
  return {
    inputs: withFieldsOf(
      inputs,
      live.inputs,
      kept.flatMap(([, paths]) => [...paths]),
    ),
    managers,
  };
}

/** A writer that gives up what it wrote: a field that nobody else holds goes. `ssa.Relinquish` in the provider. */
export function relinquished(live: Written, manager: string): Written {
  const { [manager]: gone, ...managers } = live.managers;
  if (gone === undefined) return live;
  return { inputs: onlyFields(live.inputs, Object.values(managers).flat()), managers };
}

function conflictText(manager: string, conflicts: readonly { name: string; path: FieldPath }[]): string {
  const each = conflicts.map(({ name, path }) => `conflict with "${name}": .${path.join(".")}`);
  return (
    "server-side apply field conflict detected\n" +
    `The resource managed by field manager "${manager}" had an apply conflict: ` +
    `Apply failed with ${String(each.length)} conflict${each.length === 1 ? "" : "s"}: ${each.join(", ")}`
  );
}

const IDENTITY: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata.name", "metadata.namespace"]);

function leaves(value: Value, path: FieldPath = []): readonly FieldPath[] {
  if (!isObject(value)) return IDENTITY.has(path.join(".")) ? [] : [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function valueAt(value: Value | undefined, path: FieldPath): Value | undefined {
  return path.reduce<Value | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function withFieldsOf(inputs: Properties, live: Properties, paths: readonly FieldPath[]): Properties {
  return paths.reduce((object, path) => {
    const value = valueAt(live, path);
    return value === undefined || valueAt(object, path) !== undefined ? object : withValue(object, path, value);
  }, inputs);
}

function onlyFields(live: Properties, paths: readonly FieldPath[]): Properties {
  const identity = [...IDENTITY].map((path) => path.split("."));
  return withFieldsOf({}, live, [...identity, ...paths]);
}

function withValue(object: Properties, [key = "", ...rest]: FieldPath, value: Value): Properties {
  const inner = object[key];
  return { ...object, [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) };
}

/** A writer's fields as `FieldsV1` has them, and back. */
export function toFieldsV1(paths: readonly FieldPath[]): Properties {
  return paths.reduce<Properties>(
    (fields, path) =>
      withValue(
        fields,
        path.map((key) => `f:${key}`),
        {},
      ),
    {},
  );
}

export function fromFieldsV1(fields: Properties, path: FieldPath = []): readonly FieldPath[] {
  const keys = Object.entries(fields).filter(([key]) => key.startsWith("f:"));
  if (keys.length === 0) return [path];
  return keys.flatMap(([key, inner]) => fromFieldsV1(isObject(inner) ? inner : {}, [...path, key.slice(2)]));
}
