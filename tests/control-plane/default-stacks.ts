import { join } from "node:path";
import { budget } from "@isthmus/availability";
import type { SitePlan } from "../../plan/plans.ts";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { requireControlPlane, type ProgramFiles } from "../kits/control-plane/programs.ts";
import { runSite, type RunningSite } from "../kits/control-plane/scheduled.ts";
import { withoutCharts } from "../kits/proofs/chart-data.ts";
import { requireAll } from "../services/programs.ts";

/** Where the default stack files are. */
export const root = join(import.meta.dirname, "../..");
export const fleet = fleetOrRefuse(root);
/** What the plan says that nodes have to give, and what is asked of them. */
export const budgets = budget(fleet.footprint.topology, fleet.footprint.services);

/** The control plane's programs; skips the suite where they are missing, or the charts' data. */
export function requireAllParts(suite: Mocha.Context): ProgramFiles {
  requireAll(suite, withoutCharts === undefined ? [] : [withoutCharts]);
  return requireControlPlane(suite);
}

/** A site's pods on its nodes, with a control plane of their own; skips the suite where something for it is missing. */
export async function runDefaultSite(suite: Mocha.Context, plan: SitePlan): Promise<RunningSite> {
  return await runSite(requireAllParts(suite), { fleet, plan, root });
}
