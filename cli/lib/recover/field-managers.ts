import { fieldManager } from "../../../program/field-manager.ts";
import { z } from "zod";

/** One writer of an object and the fields that are its own, as the API server tells it. */
export const managedFields = z.looseObject({
  manager: z.string().default(""),
  operation: z.string().default(""),
  fieldsV1: z.record(z.string(), z.unknown()).default({}),
});
export type ManagedFields = z.output<typeof managedFields>;

/** Names that pulumi-kubernetes makes up, one for each create. Source: `fieldManagerName` in its provider.go. */
const madeUp = /^pulumi-kubernetes-[0-9a-f]{8}$/;

/** What an object is to be, and who it is known to be written by. */
export interface Declared {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The writer that the state knows; undefined for what is not in it yet. */
  readonly manager: string | undefined;
}

/**
 * The object's writers after those that dead runs left have handed their fields to ours; undefined where there are none.
 * A dead run of this program wrote fields that are declared: another program that only adds a label of its own did not.
 */
export function withoutDead(
  entries: readonly ManagedFields[],
  declared: Declared,
): { readonly entries: readonly ManagedFields[]; readonly dead: readonly string[] } | undefined {
  const isDead = (entry: ManagedFields): boolean =>
    applied(entry) &&
    madeUp.test(entry.manager) &&
    entry.manager !== declared.manager &&
    shares(entry.fieldsV1, asKept(declared.manifest));
  const dead = entries.filter(isDead);
  const [first] = dead;
  if (first === undefined) return undefined;
  const ours = entries.find((entry) => applied(entry) && entry.manager === fieldManager);
  const fieldsV1 = [...(ours === undefined ? [] : [ours]), ...dead].map((entry) => entry.fieldsV1).reduce(union);
  const others = entries.filter((entry) => entry !== ours && !dead.includes(entry));
  return {
    entries: [...others, { ...(ours ?? first), manager: fieldManager, fieldsV1 }],
    dead: dead.map(({ manager }) => manager),
  };
}

/** The API server keeps a Secret's `stringData` as `data`, and we declared the one before the other: its writer may be told of either. */
function asKept(manifest: Fields): Fields {
  if (manifest["kind"] !== "Secret") return manifest;
  const values = { ...asFields(manifest["data"]), ...asFields(manifest["stringData"]) };
  return { ...manifest, data: values, stringData: values };
}

const applied = ({ operation }: ManagedFields): boolean => operation === "Apply";

type Fields = Readonly<Record<string, unknown>>;

/** Sets of fields are trees of keys: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (FieldsV1). */
function union(one: Fields, other: Fields): Record<string, unknown> {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, union(asFields(one[key]), asFields(other[key]))]));
}

/** Whether a set of fields has one that a manifest sets. An element of a list counts as the list. */
function shares(fields: Fields, value: unknown): boolean {
  return Object.entries(fields).some(([key, inner]) => {
    if (!key.startsWith("f:")) return Array.isArray(value);
    const set = asFields(value)[key.slice(2)];
    if (set === undefined) return false;
    return Object.keys(asFields(inner)).every((one) => one === ".") || shares(asFields(inner), set);
  });
}

const asFields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
