import { Command } from "commander";
import { isAsDeclared } from "../lib/cluster/compare.ts";
import { deployedCluster } from "../lib/cluster/deployed.ts";
import { lookAtCluster } from "../lib/cluster/look.ts";
import { reportText } from "../lib/cluster/report-text.ts";
import { exitCode, runCommand, say } from "../lib/command-line.ts";

const command = new Command("npm run status --")
  .description("Compares a site's cluster, host by host, with what is declared. Changes nothing.")
  .argument("<site>", "the stack, such as site-a")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExit code 1: something is not as declared.\n")
  .exitOverride()
  .action(async (site: string, { json }: { readonly json?: true }) => {
    process.exitCode = await status(site, json ?? false);
  });

async function status(site: string, json: boolean): Promise<number> {
  const report = await lookAtCluster(await deployedCluster(site));
  say(json ? JSON.stringify({ ...report, asDeclared: isAsDeclared(report) }, null, 2) : reportText(report));
  return isAsDeclared(report) ? exitCode.fine : exitCode.wrong;
}

await runCommand(command);
