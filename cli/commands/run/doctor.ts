import type { FleetPlan } from "../../../plan/plans.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { checkSites, exitCode, say, type ExitCode } from "../../lib/command-line.ts";
import type { CheckResult } from "../../lib/doctor/check.ts";
import { checks } from "../../lib/doctor/checks.ts";

interface Options {
  readonly config: string;
  readonly sites: readonly string[];
}

export async function doctor({ config, sites }: Options): Promise<ExitCode> {
  const fleet = fleetOrRefuse(config);
  checkSites(
    sites,
    fleet.sites.map(({ facts }) => facts.name),
  );
  const asked: FleetPlan = { ...fleet, sites: fleet.sites.filter(({ facts }) => isAsked(sites, facts.name)) };
  const results: CheckResult[] = [];
  for (const { name, ask } of checks) {
    const result = await ask(asked);
    say(described(name, result));
    results.push(result);
  }
  if (results.some(({ findings }) => findings.length > 0)) return exitCode.finding;
  return results.some(({ missing }) => missing !== undefined) ? exitCode.missing : exitCode.fine;
}

const isAsked = (sites: readonly string[], site: string): boolean => sites.length === 0 || sites.includes(site);

function described(name: string, { fine, findings, missing }: CheckResult): string {
  if (missing !== undefined) return `${name}: ${missing}`;
  if (findings.length === 0) return `${name}: ${fine}.`;
  return findings.map(({ what, problem, fix }) => `${name}: ${what}: ${problem}\n    ${fix}`).join("\n");
}
