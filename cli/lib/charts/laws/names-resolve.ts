import type { NameReference } from "../references.ts";
import { byOwner, type RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { madeAtRunTime } from "../made-at-run-time.ts";

export const namesResolve: Law = {
  id: "names-resolve",
  sentence:
    "Every Secret, ConfigMap, claim, ServiceAccount, StorageClass and issuer that is named is there, with the key that is read.",
  fix: "Correct the name in the service's values or objects, or make what it names an object of the service.",
  breaches: (site) => {
    const there = whatIsThere(site);
    return byOwner(site).flatMap(({ release, facts }) => [
      ...facts.pods.flatMap((pods) =>
        pods.references
          .flatMap((reference) => problemOf(reference, there))
          .map((problem): Breach => ({ release, at: `${pods.controller} ${pods.name}`, problem })),
      ),
      ...facts.issuers
        .filter(
          ({ kind, name, namespace }) =>
            !there.names.has(kind === "ClusterIssuer" ? key(kind, name) : key(kind, name, namespace)),
        )
        .map(({ usedBy, kind, name }): Breach => ({
          release,
          at: `Certificate ${usedBy}`,
          problem: `there is no ${kind} ${name}`,
        })),
    ]);
  },
};

interface There {
  readonly names: ReadonlySet<string>;
  /** Keys of Secrets and ConfigMaps. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

const key = (kind: string, name: string, namespace?: string): string => [kind, namespace ?? "", name].join("/");

/** What cert-manager writes into a certificate's Secret. */
const certificateKeys = ["tls.crt", "tls.key", "ca.crt"];

function whatIsThere(site: RenderedSite): There {
  const names = new Set<string>();
  const keys = new Map<string, readonly string[]>();
  const hold = (id: string, held: readonly string[]): void => {
    names.add(id);
    keys.set(id, held);
  };
  for (const { facts, namespace } of byOwner(site)) {
    // Helm puts objects that say nothing else into the release's namespace.
    for (const { kind, name, namespace: own } of facts.objects) {
      names.add(key(kind, name));
      names.add(key(kind, name, own ?? namespace));
    }
    for (const { kind, name, namespace: own, keys: held } of facts.holders) hold(key(kind, name, own), held);
    for (const { secret, namespace: own } of facts.certificates) hold(key("Secret", secret, own), certificateKeys);
    names.add(key("ServiceAccount", "default", namespace));
  }
  for (const { chart, kind, suffix, keys: held } of madeAtRunTime) {
    for (const { plan } of site.releases.filter((release) => release.plan.chart.name === chart))
      hold(key(kind, `${plan.name}${suffix}`, plan.namespace), held);
  }
  if (!site.plan.cluster.settings.disable.includes("local-storage")) names.add(key("StorageClass", "local-path"));
  return { names, keys };
}

function problemOf({ kind, name, namespace, key: wanted }: NameReference, there: There): string[] {
  const id = key(kind, name, namespace);
  if (!there.names.has(id)) return [`there is no ${kind} ${name}`];
  const held = there.keys.get(id);
  if (wanted === undefined || held === undefined || held.includes(wanted)) return [];
  return [`${kind} ${name} has no key ${wanted}; it has ${held.join(", ")}`];
}
