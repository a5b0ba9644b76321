import { splitSourcePath, type Finding } from "@isthmus/core";
import { isRecord } from "./sources.ts";

/** Parts of a site whose entries have names: one that is wrong says nothing of the others. */
const named = ["networks", "hosts", "nodes", "pools", "services", "promises"];

/**
 * What is left of a site when everything that its findings name is taken out: an unknown key alone, of a wrong value the
 * named entry that it stands in. So rules across fields can be told together with mistakes of form.
 */
export function withoutMistakes(site: unknown, findings: readonly Finding[]): unknown {
  const copy: unknown = structuredClone(site);
  for (const finding of findings) {
    const { keys } = splitSourcePath(finding.at);
    const [section = ""] = keys;
    const path = finding.rule === "unknown-key" ? keys : keys.slice(0, named.includes(section) ? 2 : 1);
    remove(copy, path);
  }
  return copy;
}

function remove(from: unknown, [key, ...rest]: readonly string[]): void {
  if (!isRecord(from) || key === undefined || !Object.hasOwn(from, key)) return;
  if (rest.length > 0) remove(from[key], rest);
  else Reflect.deleteProperty(from, key);
}

/** Rules that hold of what is there, whatever was taken out: two of something stay two. */
const ofWhatIsThere = [
  "address-twice",
  "cidr-host-bits",
  "cidr-overlap",
  "host-name-twice",
  "host-overcommitted",
  "mac-twice",
  "name-twice",
  "passphrase-at-one-place",
  "pool-needs-layer-2",
  "pool-overlap",
  "pool-range",
  "route-twice",
  "state-at-one-site",
  "state-on-own-service",
  "two-vips-on-one-network",
  "vm-id-twice",
  // Of a service's own arguments.
  "erasure-set-parity",
  "erasure-set-size",
  "even-voters",
  "public-without-authentication",
  "stretched-cluster",
  "stretched-object-store",
  "unknown-peer",
];

/** Rules that compare with networks, and hold as long as no network is among what was taken out. */
const ofNetworks = ["address-outside-network", "address-outside-pool"];

/** Of findings of a fleet with parts taken out: those that are true of the whole one too. */
export function standingAlone(across: readonly Finding[], mistakes: readonly Finding[]): Finding[] {
  const networksAreWhole = mistakes.every(({ at }) => !/#\/(networks|overlay|pools)\b/.test(at));
  return across.filter(({ rule }) => ofWhatIsThere.includes(rule) || (networksAreWhole && ofNetworks.includes(rule)));
}
