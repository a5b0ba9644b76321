import type { KubernetesObject } from "./kubernetes.ts";
import type { JudgedObjects, KnownSite } from "./judged.ts";
import { objectsOfPlan } from "./own-objects.ts";
import { factsOf, type ObjectFacts, type ReleaseFacts } from "./facts.ts";
import type { SitePlan } from "../../../plan/plans.ts";
import type { PlacedRelease, ServicePlan } from "../../../plan/service-plans.ts";

/** A release with what its chart makes of it. */
export interface RenderedRelease {
  readonly service: ServicePlan;
  readonly plan: PlacedRelease;
  readonly facts: ReleaseFacts;
}

/** What will be in a site's cluster: what charts make, and objects of ours. */
export interface RenderedSite {
  readonly plan: SitePlan;
  readonly releases: readonly RenderedRelease[];
  /** Objects of ours, by the instance of the service. */
  readonly own: readonly {
    readonly service: ServicePlan;
    readonly facts: ObjectFacts;
    readonly judged?: JudgedObjects | undefined;
  }[];
  /** The same as they are. */
  readonly objects: readonly KubernetesObject[];
}

/** Puts together a plan and the facts of its releases. A release without facts is left out. */
export function renderedSite(plan: SitePlan, known: KnownSite): RenderedSite {
  const own = plan.services.map((service) => ({ service, objects: objectsOfPlan(service) }));
  return {
    plan,
    releases: plan.services.flatMap((service) =>
      service.releases.flatMap((release) => {
        const facts = known.releases.get(release.name);
        return facts === undefined ? [] : [{ service, plan: release, facts }];
      }),
    ),
    own: own.map(({ service, objects }) => ({
      service,
      facts: factsOf(objects, service.namespace),
      judged: known.own.get(service.instance),
    })),
    objects: own.flatMap(({ objects }) => objects),
  };
}

/** All that is known of a site's objects, whoever makes them. */
export function everything({ releases, own }: RenderedSite): readonly ObjectFacts[] {
  return [...releases.map(({ facts }) => facts), ...own.map(({ facts }) => facts)];
}

/** A part of it, with the release or the service's instance that it is of. */
export interface Owned {
  readonly release: string;
  readonly namespace: string;
  readonly facts: ObjectFacts;
}

/** The same, each part with its owner. */
export function byOwner({ releases, own }: RenderedSite): readonly Owned[] {
  return [
    ...releases.map(({ plan, facts }) => ({ release: plan.name, namespace: plan.namespace, facts })),
    ...own.map(({ service, facts }) => ({ release: service.instance, namespace: service.namespace, facts })),
  ];
}
