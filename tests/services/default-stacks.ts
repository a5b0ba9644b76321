import { join } from "node:path";
import type { Manifest } from "@isthmus/core";
import type { FleetPlan, SitePlan } from "../../plan/plans.ts";
import { fleetOrRefuse } from "../../plan/stack-files.ts";

/** The project's folder. */
export const project = join(import.meta.dirname, "../..");

/** What the stack files of the project describe. */
export const fleet: FleetPlan = fleetOrRefuse(project);

/** A site of the default stacks. */
export function siteOf(name: string): SitePlan {
  const found = fleet.sites.find(({ facts }) => facts.name === name);
  if (found === undefined) throw new Error(`the default stacks have no site ${name}`);
  return found;
}

/** An object of ours at a site, references as they are in the plan. */
export function objectOf(site: SitePlan, kind: string, name: string): Manifest {
  const manifests = site.services.flatMap(({ objects }) => objects.map(({ manifest }) => manifest));
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`${site.facts.name} has no ${kind} ${name}`);
  return found;
}
