import { Command } from "commander";
import type { FleetPlan } from "../../plan/plans.ts";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { exitCode, runCommand, say } from "../lib/command-line.ts";
import type { CheckResult } from "../lib/doctor/check.ts";
import { checks } from "../lib/doctor/checks.ts";

/** What a check needs of this computer is not there, so that it could not ask. */
const lacking = 3;

const command = new Command("npm run doctor --")
  .description("Asks, before anything is built, whether what the sites need from elsewhere is there. Changes nothing.")
  .argument("[site...]", "the sites; default: all")
  .addHelpText("after", "\nEnds with 0: all in order; 1: something is not; 2: wrong usage; 3: it could not be asked.\n")
  .exitOverride()
  .action(async (sites: readonly string[]) => {
    process.exitCode = await doctor(sites);
  });

async function doctor(sites: readonly string[]): Promise<number> {
  const fleet = fleetOrRefuse(process.cwd());
  const known = fleet.sites.map(({ facts }) => facts.name);
  const unknown = sites.filter((site) => !known.includes(site));
  if (unknown.length > 0) {
    process.stderr.write(`There is no site ${unknown.join(", ")}; there are: ${known.join(", ")}\n`);
    return exitCode.usage;
  }
  const asked: FleetPlan = { ...fleet, sites: fleet.sites.filter(({ facts }) => isAsked(sites, facts.name)) };
  const results: CheckResult[] = [];
  for (const { name, ask } of checks) {
    const result = await ask(asked);
    say(described(name, result));
    results.push(result);
  }
  if (results.some(({ findings }) => findings.length > 0)) return exitCode.wrong;
  return results.some(({ missing }) => missing !== undefined) ? lacking : exitCode.fine;
}

const isAsked = (sites: readonly string[], site: string): boolean => sites.length === 0 || sites.includes(site);

function described(name: string, { fine, findings, missing }: CheckResult): string {
  if (missing !== undefined) return `${name}: ${missing}`;
  if (findings.length === 0) return `${name}: ${fine}.`;
  return findings.map(({ what, problem, fix }) => `${name}: ${what}: ${problem}\n    ${fix}`).join("\n");
}

await runCommand(command);
