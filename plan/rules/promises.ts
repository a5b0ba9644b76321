import { brokenPromises, type Assessment, type FleetFootprint, type Promised } from "@isthmus/availability";
import { below, type Finding } from "@isthmus/core";
import type { SitePlan } from "../fleet.ts";

/** What stack files promise of services holds. */
export function checkPromises(
  sites: readonly SitePlan[],
  fleet: FleetFootprint,
  assessments: readonly Assessment[],
): Finding[] {
  return brokenPromises(fleet, assessments, sites.flatMap(promisesOf));
}

function promisesOf({ site }: SitePlan): Promised[] {
  return Object.entries(site.promises).map(([service, survives]) => ({
    service: `${site.name}/${service}`,
    survives,
    from: below(site.from, "promises", service),
  }));
}
