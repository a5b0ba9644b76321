import type { FleetPlan } from "../../../plan/plans.ts";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { leaveOutClosures } from "../../../program/lean-sdk.ts";
import { checkSites, exitCode, say, type ExitCode } from "../../lib/command-line.ts";

interface Options {
  readonly config: string;
  readonly sites: readonly string[];
  readonly json: boolean;
  readonly out: string | undefined;
  readonly tree: boolean;
}

export async function preview(options: Options): Promise<ExitCode> {
  const fleet = fleetOrRefuse(options.config);
  checkSites(options.sites, fleet.model.fleet.sites);
  return show(fleet, options);
}

/** The SDK takes longer to load than stack files to check: it is loaded here, when they are in order. */
async function show(fleet: FleetPlan, { sites, json, out, tree }: Options): Promise<ExitCode> {
  leaveOutClosures();
  const { previewDocument } = await import("../../lib/preview/document.ts");
  const document = await previewDocument(fleet, sites);
  if (out !== undefined) {
    const { writeOut } = await import("../../lib/preview/write-out.ts");
    writeOut(out, document, fleet);
  }
  if (json) say(JSON.stringify(document, null, 2));
  else {
    const { previewText } = await import("../../lib/preview/text.ts");
    say(previewText(document, fleet, { wholeTree: tree }));
  }
  return Object.values(document.sites).some((site) => site.policy.blocked) ? exitCode.finding : exitCode.fine;
}
