import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, type Finding, type SourcePath } from "@isthmus/core";
import { describeFindings } from "../config/describe.ts";
import type { FleetPlan, SitePlan } from "../plan/plans.ts";
import { evaluate, type Evaluation, type Failure } from "../policy/evaluate.ts";
import type { PolicyResource } from "../policy/resource.ts";
import { policyConfigurationRule } from "../policy/rule.ts";
import type { SetupOptions } from "../policy/setup.ts";
import { policyView } from "./policy-view.ts";

/** Levels and settings of the policies, beside the stack files: the same file that `--policy-pack-config` takes. */
export const policyFile = "policy-config.json";

/** What the policies say of resources, as the fleet's own folder configures them. */
export function evaluatePolicies(fleet: FleetPlan, resources: readonly PolicyResource[]): Evaluation {
  const { sources } = fleet.model;
  try {
    return evaluate(resources, readSetup(sources.directory));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(describeFindings(error.findings, sources), error.findings);
  }
}

/**
 * Throws a `UserError` with every mandatory rule that a site's plan violates, in the words of preview, before anything is
 * registered; the pack under the engine is the second line. Returns what only advises.
 */
export function refuseViolations(fleet: FleetPlan, plan: SitePlan): string | undefined {
  const { failures } = evaluatePolicies(fleet, policyView(plan));
  const said = (enforcement: Failure["enforcement"]): readonly Finding[] =>
    failures.filter((failure) => failure.enforcement === enforcement).map((failure) => toFinding(failure, plan));
  const mandatory = said("mandatory");
  const { sources } = fleet.model;
  if (mandatory.length > 0) throw new UserError(describeFindings(mandatory, sources), mandatory);
  const advice = said("advisory");
  return advice.length === 0 ? undefined : describeFindings(advice, sources);
}

function toFinding({ rule, from, message, fix }: Failure, plan: SitePlan): Finding {
  return { rule, at: from ?? plan.site.from, problem: message, fix };
}

function readSetup(directory: string): SetupOptions {
  const path = join(directory, policyFile);
  if (!existsSync(path)) return {};
  try {
    return { config: JSON.parse(readFileSync(path, "utf8")) as unknown, configFile: policyFile };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be read";
    const at: SourcePath = `${policyFile}#`;
    const fix = 'write a JSON object such as {"no-latest-image": "advisory"}';
    const findings = [{ rule: policyConfigurationRule.id, at, problem: `it is not JSON: ${reason}`, fix }];
    throw new UserError(`${policyFile} is not JSON`, findings);
  }
}
