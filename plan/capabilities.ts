import { unique, type CapabilityFacts, type CapabilityName, type Finding, type Needs } from "@isthmus/core";
import type { ConfiguredService, SiteModel } from "../config/load.ts";
import { defineRule } from "./rules.ts";

const capabilityTwiceRule = defineRule({
  id: "capability-twice",
  severity: "high",
  summary: "One service of a site provides each capability.",
  fix: "Remove one of the providers.",
  docs: "docs/reference/services/README.md",
});

const capabilityMissingRule = defineRule({
  id: "capability-missing",
  severity: "high",
  summary: "What a service requires is provided at its site.",
  fix: "Add a service that provides it.",
  docs: "docs/reference/services/README.md",
  oncePerName: true,
});

const capabilityCycleRule = defineRule({
  id: "capability-cycle",
  severity: "high",
  summary: "Services do not wait for one another in a circle.",
  fix: "Take one of the capabilities from another provider.",
  docs: "docs/reference/services/README.md",
});

/** Who provides what at a site, and in which order services come. */
export interface Composition {
  /** Services whose requirements are all provided, providers first. */
  readonly ordered: readonly ConfiguredService[];
  /** For each instance: who provides each capability that it uses. */
  readonly providers: Readonly<Record<string, Readonly<Partial<Record<CapabilityName, string>>>>>;
  readonly findings: readonly Finding[];
}

/** Matches what services require with what others provide. */
export function compose(site: SiteModel): Composition {
  const offered = offers(site.services);
  const findings: Finding[] = [...providedTwice(offered)];
  const providers: Record<string, Partial<Record<CapabilityName, string>>> = {};
  const lacking = new Set<string>();
  for (const one of site.services) {
    const used: Partial<Record<CapabilityName, string>> = {};
    for (const capability of unique([...required(one), ...wanted(one)])) {
      const provider = offered.get(capability)?.find((other) => other !== one);
      if (provider !== undefined) used[capability] = provider.instance;
      else if (required(one).includes(capability)) {
        lacking.add(one.instance);
        findings.push(missing(one, capability, site));
      }
    }
    providers[one.instance] = used;
  }
  const { ordered, inCycle } = order(site.services, providers);
  findings.push(...cycle(inCycle, providers));
  return { ordered: withoutDependents(ordered, providers, lacking), providers, findings };
}

const required = (one: ConfiguredService): readonly CapabilityName[] => one.service.requires(one.args);
const wanted = (one: ConfiguredService): readonly CapabilityName[] => one.service.wants?.(one.args) ?? [];

function offers(services: readonly ConfiguredService[]): Map<CapabilityName, ConfiguredService[]> {
  const offered = new Map<CapabilityName, ConfiguredService[]>();
  for (const one of services) {
    for (const capability of one.service.provides(one.args)) {
      offered.set(capability, [...(offered.get(capability) ?? []), one]);
    }
  }
  return offered;
}

function providedTwice(offered: ReadonlyMap<CapabilityName, readonly ConfiguredService[]>): Finding[] {
  return [...offered].flatMap(([capability, [first, ...others]]) =>
    others.map((other) => ({
      rule: capabilityTwiceRule.id,
      at: other.from,
      problem: `"${capability}" is provided by ${other.instance} and by ${first?.instance ?? ""}`,
      fix: "remove one of them: what needs it cannot tell which is meant",
    })),
  );
}

function missing(one: ConfiguredService, capability: CapabilityName, site: SiteModel): Finding {
  return {
    rule: capabilityMissingRule.id,
    at: one.from,
    problem: `${one.instance} requires "${capability}", and no service of ${site.name} provides it`,
    fix: `add a service that does: ${suggestions[capability]}`,
  };
}

/** Which services of ours provide what, for messages. */
const suggestions: Readonly<Record<CapabilityName, string>> = {
  loadBalancer: "metallb",
  certificates: "cert-manager",
  "ingress/public": "traefik with exposure: public",
  "ingress/private": "traefik with exposure: private",
  volumes: "longhorn",
  objectStore: "minio",
  backupStore: "offsite (another site's object store, or one outside)",
  postgres: "cloudnative-pg",
  secrets: "vault",
  metrics: "monitoring",
};

function order(
  services: readonly ConfiguredService[],
  providers: Composition["providers"],
): { ordered: ConfiguredService[]; inCycle: ConfiguredService[] } {
  const ordered: ConfiguredService[] = [];
  let waiting = [...services];
  while (waiting.length > 0) {
    const placed = new Set(ordered.map((one) => one.instance));
    const ready = waiting.filter((one) =>
      Object.values(providers[one.instance] ?? {}).every((name) => placed.has(name)),
    );
    if (ready.length === 0) return { ordered, inCycle: waiting };
    ordered.push(...ready);
    waiting = waiting.filter((one) => !ready.includes(one));
  }
  return { ordered, inCycle: [] };
}

/** Services that wait for one another. Others that only wait for these are no part of the circle. */
function cycle(waiting: readonly ConfiguredService[], providers: Composition["providers"]): Finding[] {
  let circle = waiting;
  const needed = (name: string): boolean =>
    circle.some((one) => Object.values(providers[one.instance] ?? {}).includes(name));
  while (circle.some((one) => !needed(one.instance))) circle = circle.filter((one) => needed(one.instance));
  const [first] = circle;
  if (first === undefined) return [];
  const names = circle.map(({ instance }) => instance);
  const edges = names.map((name) => {
    const others = unique(Object.values(providers[name] ?? {})).filter((other) => names.includes(other));
    return `${name} needs ${others.join(" and ")}`;
  });
  const problem = `services wait for one another: ${edges.join(", ")}`;
  const fix = "break the circle: take one of these capabilities from another provider";
  return [{ rule: capabilityCycleRule.id, at: first.from, problem, fix }];
}

function withoutDependents(
  ordered: readonly ConfiguredService[],
  providers: Composition["providers"],
  lacking: ReadonlySet<string>,
): ConfiguredService[] {
  const out = new Set(lacking);
  for (const one of ordered) {
    if (Object.values(providers[one.instance] ?? {}).some((name) => out.has(name))) out.add(one.instance);
  }
  return ordered.filter((one) => !out.has(one.instance));
}

/** The facts that an instance may ask for. */
export function needsOf(
  used: Readonly<Partial<Record<CapabilityName, string>>>,
  offered: ReadonlyMap<string, Partial<CapabilityFacts>>,
): Needs {
  const find = <Name extends CapabilityName>(name: Name): CapabilityFacts[Name] | undefined => {
    const provider = used[name];
    return provider === undefined ? undefined : offered.get(provider)?.[name];
  };
  return {
    find,
    get: (name) => {
      const facts = find(name);
      if (facts === undefined) throw new Error(`a service asks for ${name}, which it does not require`);
      return facts;
    },
  };
}
