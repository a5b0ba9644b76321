import { UserError, type Finding } from "@isthmus/core";
import { describeFindings } from "../config/describe.ts";
import { load } from "../config/load.ts";
import { oncePerCause } from "../config/one-cause.ts";
import { standingAlone } from "../config/repair.ts";
import type { Sources } from "../config/sources.ts";
import { checkChartMirror } from "./chart-mirror.ts";
import { catalogue } from "./catalogue.ts";
import { planFleet } from "./fleet.ts";
import type { FleetPlan } from "./plans.ts";
import { stackFileRules } from "./registry.ts";

/** The fleet that stack files describe, or everything that is wrong with them. */
export type PlannedFiles =
  { readonly fleet: FleetPlan } | { readonly findings: readonly Finding[]; readonly sources: Sources };

/** Reads the stack files of a folder, checks them as a whole and plans what they describe. */
export function planStackFiles(directory: string): PlannedFiles {
  const loaded = load(directory, catalogue);
  if ("model" in loaded) {
    const fleet = planFleet(loaded.model);
    const findings = oncePerCause([...fleet.findings, ...checkChartMirror(fleet, directory)], stackFileRules);
    return findings.length === 0 ? { fleet } : { findings, sources: loaded.sources };
  }
  const { findings, sources, partial } = loaded;
  const across = partial === undefined ? [] : planFleet(partial).findings;
  return {
    findings: oncePerCause([...findings, ...standingAlone(across, findings, stackFileRules)], stackFileRules),
    sources,
  };
}

/** The same for programs that stop there: throws a {@link UserError} with every finding. */
export function fleetOrRefuse(directory: string): FleetPlan {
  const planned = planStackFiles(directory);
  if ("fleet" in planned) return planned.fleet;
  throw new UserError(describeFindings(planned.findings, planned.sources), planned.findings);
}
