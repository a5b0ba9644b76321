import { isReference, type SiteExports } from "@isthmus/core";
import * as pulumi from "@pulumi/pulumi";
import type { SitePlan } from "../plan/plans.ts";
import { outputsVersion } from "./outputs-schema.ts";
import { resolve, type Values } from "./resolve.ts";

/** What other sites read of this one: what may be shown, and apart from it what is secret, by dotted path. */
export interface Exported {
  readonly exports: pulumi.Input<unknown>;
  readonly exportSecrets: pulumi.Output<unknown>;
}

export function exportsOf(plan: SitePlan, values: Values): Exported {
  const { open, hidden } = exportedData(plan);
  const secrets = Object.fromEntries(hidden.map(({ path, leaf }) => [path, resolve(leaf, values)]));
  return { exports: resolve(open, values), exportSecrets: pulumi.secret(secrets) };
}

/** The same as plain data, references unresolved. */
export function exportedData(plan: SitePlan): { open: object; hidden: readonly { path: string; leaf: unknown }[] } {
  const stated = plan.services.reduce<Partial<SiteExports>>((all, { exports }) => ({ ...all, ...exports }), {});
  const hidden = secretPaths(stated);
  const overlay = plan.facts.topology.nodes.flatMap((node) =>
    node.overlayAddress === undefined ? [] : [`${node.name} ${node.overlayAddress}`],
  );
  const open = {
    version: outputsVersion,
    site: plan.facts.name,
    ingressAddresses: lines(ingressAddresses(plan)),
    overlayAddresses: lines(overlay),
    ...(withoutPaths(stated, new Set(hidden.map(({ path }) => path))) as object),
  };
  return { open, hidden };
}

const lines = (of: readonly string[]): string => of.join("\n");

function ingressAddresses(plan: SitePlan): string[] {
  return plan.services.flatMap((service) =>
    (["ingress/public", "ingress/private"] as const).flatMap((capability) => {
      const ingress = service.offers[capability];
      return ingress === undefined ? [] : [`${capability} ${ingress.address}`];
    }),
  );
}

/** Leaves that only this site may show: configured secrets, and generated passwords and keys. */
function secretPaths(value: unknown, path: readonly string[] = []): { path: string; leaf: unknown }[] {
  if (isReference(value)) {
    if ("$peer" in value || "$linked" in value)
      throw new Error(`${path.join(".")} is exported and derives from another site`);
    const open = "$generated" in value && (value.part === "certificate" || value.part === "publicKey");
    return open ? [] : [{ path: path.join("."), leaf: value }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretPaths(inner, [...path, key]));
}

function withoutPaths(value: unknown, hidden: ReadonlySet<string>, path: readonly string[] = []): unknown {
  if (typeof value !== "object" || value === null || isReference(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !hidden.has([...path, key].join(".")))
      .map(([key, inner]) => [key, withoutPaths(inner, hidden, [...path, key])]),
  );
}
