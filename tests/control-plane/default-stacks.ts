import { join } from "node:path";
import { budget } from "@isthmus/availability";
import { fleetOrRefuse } from "../../plan/stack-files.ts";

/** Where the default stack files are. */
export const root = join(import.meta.dirname, "../..");
export const fleet = fleetOrRefuse(root);
/** What the plan says that nodes have to give, and what is asked of them. */
export const budgets = budget(fleet.footprint.topology, fleet.footprint.services);
