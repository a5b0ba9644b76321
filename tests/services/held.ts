import type { GeneratedPart, Manifest } from "@isthmus/core";
import type { SitePlan } from "../../plan/plans.ts";
import { resolve } from "../../program/resolve.ts";
import type { Held } from "../kits/pods/volumes.ts";

/** What a deployment would put in place of references. */
export interface Values {
  readonly generated: (name: string, part: GeneratedPart) => string;
  readonly peer?: (site: string, output: string) => string;
}

/** What our Secrets and ConfigMaps of a namespace hold. */
export function heldIn(site: SitePlan, namespace: string, values: Values): Held {
  const objects = site.services
    .flatMap((service) => service.objects.map(({ manifest }) => manifest))
    .filter(({ kind, metadata }) => ["Secret", "ConfigMap"].includes(kind) && metadata.namespace === namespace);
  return Object.fromEntries(
    objects.map((manifest) => [`${manifest.kind}/${manifest.metadata.name}`, dataIn(manifest, values)]),
  );
}

function dataIn(manifest: Manifest, { generated, peer }: Values): Readonly<Record<string, string>> {
  const { data = {}, stringData = {} } = resolve(manifest, {
    secret: (name) => `secret ${name}`,
    generated,
    peer: (site, output) => peer?.(site, output) ?? `${output} of ${site}`,
  }) as { readonly data?: Record<string, string>; readonly stringData?: Record<string, string> };
  return { ...data, ...stringData };
}
