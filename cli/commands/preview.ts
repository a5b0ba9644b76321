import { Command, CommanderError, Option } from "commander";
import { UserError } from "@isthmus/core";
import type { FleetPlan } from "../../plan/plans.ts";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { leaveOutClosures } from "../../program/lean-sdk.ts";

/** Exit codes: 0 all in order, 1 wrong stack files or a violated mandatory policy, 2 wrong usage. */
const wrong = 1;
const usage = 2;

interface Options {
  readonly config: string;
  readonly json?: true;
  readonly out?: string;
  readonly tree?: true;
}

const command = new Command("npm run preview --")
  .description("Shows what would be deployed, what it needs and what it survives: no CLI, no credentials, no network.")
  .argument("[site...]", "sites to show; default: all")
  .option("--config <folder>", "folder of the stack files", process.cwd())
  .option("--json", "print one JSON document (schemas/preview.json)")
  .addOption(
    new Option("--out <folder>", "also write charts' values, objects, machines, DNS, availability and policy results"),
  )
  .option("--tree", "list every resource")
  .addHelpText(
    "after",
    "\nExamples:\n  npm run preview\n  npm run preview -- site-a --tree\n  npm run preview -- --out out && git diff --no-index out-before out\n",
  )
  .exitOverride();

async function preview(sites: readonly string[], options: Options): Promise<number> {
  const fleet = fleetOrRefuse(options.config);
  const known = fleet.model.fleet.sites;
  const unknown = sites.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no site ${unknown.join(", ")}; there are: ${known.join(", ")}\n`);
    return usage;
  }
  return show(fleet, sites, options);
}

/** The SDK takes longer to load than stack files to check: it is loaded here, when they are in order. */
async function show(fleet: FleetPlan, sites: readonly string[], options: Options): Promise<number> {
  leaveOutClosures();
  const { previewDocument } = await import("../lib/preview/document.ts");
  const document = await previewDocument(fleet, sites);
  if (options.out !== undefined) {
    const { writeOut } = await import("../lib/preview/write-out.ts");
    writeOut(options.out, document, fleet);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else {
    const { previewText } = await import("../lib/preview/text.ts");
    process.stdout.write(`${previewText(document, fleet, { wholeTree: options.tree ?? false })}\n`);
  }
  return Object.values(document.sites).some((site) => site.policy.blocked) ? wrong : 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return wrong;
}

try {
  command.parse();
  process.exitCode = await preview(command.args, command.opts<Options>());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usage;
  else if (error instanceof UserError) process.exitCode = refuse(error.message);
  else throw error;
}
