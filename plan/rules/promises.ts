import { brokenPromises, type Assessment, type FleetFootprint, type Promised } from "@isthmus/availability";
import { below, type Finding, unknownServiceRule } from "@isthmus/core";
import type { SitePlan } from "../plans.ts";

/** What stack files promise of services holds. */
export function checkPromises(
  sites: readonly SitePlan[],
  fleet: FleetFootprint,
  assessments: readonly Assessment[],
): Finding[] {
  return [...sites.flatMap(forNobody), ...brokenPromises(fleet, assessments, sites.flatMap(promisesOf))];
}

function forNobody({ site, facts }: SitePlan): Finding[] {
  const names = namesOf(site);
  return Object.keys(site.promises)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      rule: unknownServiceRule.id,
      at: below(site.from, "promises", name),
      problem: `a promise is made for "${name}", and ${facts.name} has no service of that name`,
      fix: `write one of: ${names.join(", ")}`,
    }));
}

const namesOf = (site: SitePlan["site"]): readonly string[] => [
  "kubernetes",
  ...site.services.map(({ instance }) => instance),
];

function promisesOf({ site, services }: SitePlan): Promised[] {
  // What is said of a service that could not be planned is said already.
  const unplanned = site.services
    .map(({ instance }) => instance)
    .filter((instance) => !services.some((plan) => plan.instance === instance));
  return Object.entries(site.promises)
    .filter(([service]) => namesOf(site).includes(service) && !unplanned.includes(service))
    .map(([service, survives]) => ({
      service: `${site.name}/${service}`,
      survives,
      from: below(site.from, "promises", service),
    }));
}
