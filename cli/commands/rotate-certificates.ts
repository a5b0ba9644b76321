import { plannedNodes, type RotationRequest } from "@isthmus/k3s";
import { Command } from "commander";
import { deployedCluster } from "../lib/cluster/deployed.ts";
import { describeKubeconfig, tryKubeconfig } from "../lib/cluster/kubeconfig.ts";
import { checkNodes, numberOption } from "../lib/cluster/node-options.ts";
import { describeRotation, lookAtAllCertificates, rotateCertificates } from "../lib/cluster/rotate-certificates.ts";
import { runCommand, say } from "../lib/command-line.ts";
import { pulumi } from "../lib/pulumi/cli.ts";

interface Options {
  readonly only?: readonly string[];
  readonly olderThan: number;
  readonly dryRun?: true;
}

const command = new Command("npm run rotate-certificates --")
  .description("Renews the certificates of a site's nodes: servers one by one, then agents. The authorities stay.")
  .argument("<site>", "the stack, such as site-a")
  .option("--dry-run", "only tell when each node's certificates end")
  .option("--only <node...>", "these nodes and no others")
  .addOption(numberOption("--older-than <days>", "only certificates that were made longer ago; 0: all", 1))
  .addHelpText(
    "after",
    "\nA run that was interrupted goes on when it is run again: what it renewed is not a day old by then.\n",
  )
  .exitOverride()
  .action(async (site: string, options: Options) => {
    await rotate(site, options);
  });

async function rotate(site: string, options: Options): Promise<void> {
  const cluster = await deployedCluster(site);
  checkNodes(
    options.only,
    plannedNodes(cluster.plan).map(({ node }) => node.name),
  );
  const request: RotationRequest = { olderThanDays: options.olderThan, only: options.only };
  const looked = await lookAtAllCertificates(cluster);
  say(describeRotation(looked, request));
  if (options.dryRun === true) return;
  await rotateCertificates(cluster, { looked, request, manner: { say, rebootSeconds: 0 } });
  say("The certificates of all nodes that are meant are new, and the nodes are in service.");
  const kubeconfig = await pulumi(["stack", "output", "kubeconfig", "--show-secrets", "--stack", site]);
  say(describeKubeconfig(site, await tryKubeconfig(kubeconfig)));
}

await runCommand(command);
