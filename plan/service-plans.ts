import {
  isOpen,
  lookUp,
  referencesIn,
  type Aspect,
  type CapabilityFacts,
  type CapabilityName,
  type Finding,
  type Footprint,
  type Generated,
  type ObjectPlan,
  type PodPlaces,
  type Privileges,
  type ReleasePlan,
  type RenderContext,
  type ServiceContext,
  type SiteExports,
  type SiteFacts,
  type SourcePath,
} from "@isthmus/core";
import type { ConfiguredService, SiteModel } from "../config/load.ts";
import { compose, needsOf } from "./capabilities.ts";
import { renderPods } from "./render-pods.ts";

/** A release with everything that placement says in its values. */
export interface PlacedRelease extends Omit<ReleasePlan, "pods"> {
  /** Aspects of its workloads that the chart has no value for, with the reason, by workload. */
  readonly leftToChart: Readonly<Record<string, Readonly<Partial<Record<Aspect, string>>>>>;
  readonly from: SourcePath;
}

/** An object with everything that placement says in its manifest. */
export interface PlacedObject extends Omit<ObjectPlan, "pods"> {
  /** Its pods store something: deleting it may delete that. */
  readonly holdsData: boolean;
}

/** One service instance at one site, ready to be registered: plain data. */
export interface ServicePlan {
  readonly instance: string;
  readonly service: string;
  readonly namespace: string;
  readonly footprint: Footprint;
  readonly privileges: Privileges;
  readonly releases: readonly PlacedRelease[];
  readonly objects: readonly PlacedObject[];
  readonly generates: readonly Generated[];
  /** What it gives to other services of the site. */
  readonly offers: Partial<CapabilityFacts>;
  readonly exports: Partial<SiteExports>;
  readonly afterwards: readonly string[];
  /** Who provides each capability that it uses. */
  readonly providers: Readonly<Partial<Record<CapabilityName, string>>>;
  readonly from: SourcePath;
}

/** The services of a site. */
export interface ServicePlans {
  readonly plans: readonly ServicePlan[];
  /** Those among `plans` whose arguments were refused: they have a footprint, and nothing is rendered for them. */
  readonly refused: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

interface Stated {
  readonly configured: ConfiguredService;
  readonly context: ServiceContext<unknown>;
  readonly footprint: Footprint;
  readonly offers: Partial<CapabilityFacts>;
}

/** Plans every service of a site, providers first. Services that lack a capability are told and left out. */
export function planServices(site: SiteModel, facts: SiteFacts): ServicePlans {
  const { ordered, providers, findings } = compose(site);
  const providersOf = (instance: string) => lookUp(providers, instance, "instance");
  const offered = new Map<string, Partial<CapabilityFacts>>();
  const stated: Stated[] = [];
  const refused = new Set<string>();
  const checks: Finding[] = [];
  for (const configured of ordered) {
    const { instance, args, from, service } = configured;
    const needs = needsOf(providersOf(instance), offered);
    const context: ServiceContext<unknown> = { instance, namespace: instance, args, site: facts, needs, from };
    const own = service.check?.(context) ?? [];
    if (own.length > 0) refused.add(instance);
    checks.push(...own);
    const offers = service.offers(context);
    offered.set(instance, offers);
    stated.push({ configured, context, offers, footprint: service.footprint(context) });
  }
  const routes = stated.flatMap(({ footprint }) => footprint.routes);
  const routeChecks = stated.flatMap(
    ({ configured, context }) => configured.service.checkRoutes?.({ ...context, routes }) ?? [],
  );
  const plans = stated.map((one) =>
    refused.has(one.context.instance)
      ? withoutParts(one, providersOf(one.context.instance))
      : render(one, { ...one.context, routes }, providersOf(one.context.instance)),
  );
  return { plans, refused, findings: [...findings, ...checks, ...routeChecks] };
}

/** What others may still be checked against: its addresses, routes and footprint. Charts of refused arguments mean nothing. */
function withoutParts(
  { configured, context, footprint, offers }: Stated,
  providers: ServicePlan["providers"],
): ServicePlan {
  return {
    instance: context.instance,
    service: configured.service.name,
    namespace: context.namespace,
    footprint,
    privileges: {},
    releases: [],
    objects: [],
    generates: [],
    offers,
    exports: {},
    afterwards: [],
    providers,
    from: context.from,
  };
}

function render(stated: Stated, rendering: RenderContext<unknown>, providers: ServicePlan["providers"]): ServicePlan {
  const { context, footprint } = stated;
  const { service, from } = stated.configured;
  const { releases, objects } = renderPods(service, rendering, footprint.workloads);
  return {
    ...withoutParts(stated, providers),
    privileges: service.privileges?.(rendering) ?? {},
    releases: releases.map(({ plan: { pods, ...release }, values }) => {
      if (!referencesIn(values).every(isOpen))
        throw new Error(`${release.name}: a chart's values hold a secret or a peer's value`);
      return { ...release, values, from, leftToChart: leftToChart(pods) };
    }),
    objects: objects.map(({ plan: { pods, ...object }, manifest }) => ({
      ...object,
      manifest,
      holdsData: footprint.workloads.some(({ name, stores }) => stores !== undefined && name in (pods ?? {})),
    })),
    generates: service.generates?.(context) ?? [],
    exports: service.exports?.(context) ?? {},
    afterwards: service.afterwards?.(context) ?? [],
  };
}

function leftToChart(pods: Readonly<Record<string, PodPlaces>>): PlacedRelease["leftToChart"] {
  const reasons = (places: PodPlaces): Partial<Record<Aspect, string>> =>
    Object.fromEntries(
      Object.entries(places).flatMap(([aspect, where]) =>
        typeof where === "object" && "byChart" in where ? [[aspect, where.byChart]] : [],
      ),
    );
  return Object.fromEntries(Object.entries(pods).map(([workload, places]) => [workload, reasons(places)]));
}
