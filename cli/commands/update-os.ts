import { plannedNodes, rebootPolicies, type RebootPolicy, type UpdateRequest } from "@isthmus/k3s";
import { Command, InvalidArgumentError, Option } from "commander";
import { deployedCluster } from "../lib/cluster/deployed.ts";
import { checkNodes, numberOption } from "../lib/cluster/node-options.ts";
import { describeOsUpdate, lookForOsUpdates, updateOs } from "../lib/cluster/update-os.ts";
import { exitCode, runCommand, say } from "../lib/command-line.ts";

interface Options {
  readonly only?: readonly string[];
  readonly reboot: RebootPolicy;
  readonly since?: Date;
  readonly wait: number;
  readonly dryRun?: true;
}

const command = new Command("npm run update-os --")
  .description(
    "Updates the systems of a site's hosts, one at a time, servers first: cordon, drain, update, reboot, uncordon.",
  )
  .argument("<site>", "the stack, such as site-a")
  .option("--dry-run", "only tell what each host waits for")
  .option("--only <node...>", "these nodes and no others")
  .addOption(new Option("--reboot <when>", "when hosts are rebooted").choices(rebootPolicies).default("when-required"))
  .addOption(
    new Option("--since <time>", "with --reboot always: hosts that booted since then are not rebooted again").argParser(
      instant,
    ),
  )
  .addOption(numberOption("--wait <seconds>", "how long a host may take to reboot", 600))
  .addHelpText("after", "\nA run that was interrupted goes on when it is run again.\n")
  .exitOverride()
  .action(async (site: string, options: Options) => {
    await update(site, options);
  });

async function update(site: string, options: Options): Promise<void> {
  const cluster = await deployedCluster(site);
  checkNodes(
    options.only,
    plannedNodes(cluster.plan).map(({ node }) => node.name),
  );
  const began = options.since ?? new Date();
  const request: UpdateRequest = { reboot: options.reboot, since: began.getTime() / 1000, only: options.only };
  const looked = await lookForOsUpdates(cluster);
  say(describeOsUpdate(cluster, looked, request));
  if (options.dryRun === true) return;
  if (options.reboot === "always") say(`If this is interrupted, go on with: --since ${began.toISOString()}`);
  await updateOs(cluster, { looked, request, manner: { say, rebootSeconds: options.wait } });
  say("All hosts that are meant are up to date and in service.");
  process.exitCode = exitCode.fine;
}

function instant(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError("It has to be a time, as 2026-11-21T09:30:00Z.");
}

await runCommand(command);
