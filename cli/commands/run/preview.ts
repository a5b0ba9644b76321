import type { FleetPlan } from "../../../plan/plans.ts";
import { fleetOrRefuse, planStackFiles } from "../../../plan/stack-files.ts";
import { leaveOutClosures } from "../../../program/lean-sdk.ts";
import { refusedDocument } from "../../lib/preview/refused.ts";
import { checkSites, exitCode, say, type ExitCode } from "../../lib/command-line.ts";

interface Options {
  readonly config: string;
  readonly sites: readonly string[];
  readonly json: boolean;
  readonly out: string | undefined;
  readonly tree: boolean;
  readonly all: boolean;
}

export async function preview(options: Options): Promise<ExitCode> {
  const planned = options.json ? planStackFiles(options.config) : { fleet: fleetOrRefuse(options.config) };
  if (!("fleet" in planned)) {
    say(JSON.stringify(refusedDocument(planned.findings, planned.sources), null, 2));
    return exitCode.finding;
  }
  const { fleet } = planned;
  checkSites(options.sites, fleet.model.fleet.sites);
  return show(fleet, options);
}

/** The SDK takes longer to load than stack files to check: it is loaded here, when they are in order. */
async function show(fleet: FleetPlan, { sites, json, out, tree, all }: Options): Promise<ExitCode> {
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
    const { styleOf } = await import("../../lib/terminal/style.ts");
    say(previewText(document, fleet, { style: styleOf(process.stdout, process.env), all, tree }));
  }
  return Object.values(document.sites).some((site) => site.policy.blocked) ? exitCode.finding : exitCode.fine;
}
