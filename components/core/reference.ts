/**
 * Leaves of otherwise plain data that stand for what only the deployment knows. They are resolved in one place, when
 * resources are registered.
 */
export type Reference =
  /** A secret of this stack's configuration, by its name. */
  | { readonly $secret: string }
  /** A part of something the program generates once and keeps in its state. */
  | { readonly $generated: string; readonly part: GeneratedPart }
  /** A value of another site's outputs, such as `vault.ca`; what holds it waits until that site is linked. */
  | { readonly $peer: string; readonly output: string }
  /** `value` once the site is linked; until then the key is left out. */
  | { readonly $linked: string; readonly value: unknown };

/** `fingerprint`: another word for another password, which says nothing of it. For pods that read it at their start only. */
export type GeneratedPart = "password" | "fingerprint" | "certificate" | "privateKey" | "publicKey";

/** What the program makes once: a password, or a certificate authority of the site. */
export type Generated =
  | { readonly name: string; readonly kind: "password"; readonly length: number }
  | { readonly name: string; readonly kind: "certificateAuthority"; readonly commonName: string };

export const secret = (name: string): Reference => ({ $secret: name });
export const generated = (name: string, part: GeneratedPart): Reference => ({ $generated: name, part });
export const fromPeer = (site: string, output: string): Reference => ({ $peer: site, output });
export const whenLinked = (site: string, value: unknown): Reference => ({ $linked: site, value });

/** What anybody may read, such as the values of a chart. */
export const isOpen = (reference: Reference): boolean => "$generated" in reference && reference.part === "fingerprint";

export function isReference(value: unknown): value is Reference {
  return (
    typeof value === "object" &&
    value !== null &&
    ["$secret", "$generated", "$peer", "$linked"].some((key) => Object.hasOwn(value, key))
  );
}

/** Every reference in `value`, also those inside `$linked`. */
export function referencesIn(value: unknown): Reference[] {
  if (isReference(value)) return "$linked" in value ? [value, ...referencesIn(value.value)] : [value];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(referencesIn);
  return [];
}

/** What `data` cannot be without: its `$peer` leaves that do not stand under `$linked`. */
export function peerValuesNeeded(data: unknown): Extract<Reference, { $peer: string }>[] {
  if (isReference(data)) return "$peer" in data ? [data] : [];
  if (typeof data !== "object" || data === null) return [];
  return Object.values(data).flatMap(peerValuesNeeded);
}

/** The sites that must be linked before `data` can be. */
export function sitesNeeded(data: unknown): string[] {
  return [...new Set(peerValuesNeeded(data).map((leaf) => leaf.$peer))];
}

/** The sites whose link adds something to `data`, needed or not. */
export function sitesWanted(data: unknown): string[] {
  const sites = referencesIn(data).flatMap((leaf) =>
    "$peer" in leaf ? [leaf.$peer] : "$linked" in leaf ? [leaf.$linked] : [],
  );
  return [...new Set(sites)];
}
