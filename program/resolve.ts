import { isReference, type GeneratedPart, type Reference } from "@isthmus/core";
import type * as pulumi from "@pulumi/pulumi";

/** Where the values behind references come from. */
export interface Values {
  secret(name: string): pulumi.Input<string>;
  generated(name: string, part: GeneratedPart): pulumi.Input<string>;
  /** A value of a linked site's outputs; `undefined` where that site is not linked. */
  peer(site: string, output: string): pulumi.Input<unknown>;
}

/** Marks a key that is left out because its site is not linked. */
const absent = Symbol("absent");

/** `data` with every reference replaced by its value. Must not hold a `$peer` of a site that is not linked. */
export function resolve(data: unknown, values: Values): pulumi.Input<unknown> {
  const resolved = resolveLeaf(data, values);
  return resolved === absent ? undefined : resolved;
}

function resolveLeaf(data: unknown, values: Values): unknown {
  if (isReference(data)) return resolveReference(data, values);
  if (Array.isArray(data)) return data.map((item) => resolveLeaf(item, values)).filter((item) => item !== absent);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data)
      .map(([key, value]) => [key, resolveLeaf(value, values)] as const)
      .filter(([, value]) => value !== absent),
  );
}

function resolveReference(reference: Reference, values: Values): unknown {
  if ("$secret" in reference) return values.secret(reference.$secret);
  if ("$generated" in reference) return values.generated(reference.$generated, reference.part);
  if ("$peer" in reference) return values.peer(reference.$peer, reference.output);
  if (values.peer(reference.$linked, "site") === undefined) return absent;
  // A site that is linked need not have everything: what it does not offer is left out.
  return resolveLeaf(reference.value, values) ?? absent;
}
