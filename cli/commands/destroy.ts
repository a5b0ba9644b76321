import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { linksOf } from "../../plan/links.ts";
import { planStackFiles } from "../../plan/stack-files.ts";
import { ask, exitCode, runCommand, say } from "../lib/command-line.ts";
import { ClusterApi } from "../lib/destroy/cluster-api.ts";
import { describeDependents, describeLoss, type Dependent, type KnownBackups } from "../lib/destroy/describe.ts";
import { inventoryOf, type Inventory } from "../lib/destroy/inventory.ts";
import { lastBackups } from "../lib/destroy/last-backups.ts";
import { describeForgotten, withoutCluster } from "../lib/destroy/lost-cluster.ts";
import { letLonghornGo } from "../lib/destroy/longhorn.ts";
import { madeThings, nameOf, pendingOf } from "../lib/pulumi/checkpoint.ts";
import { pulumi, runPulumi } from "../lib/pulumi/cli.ts";
import { keepCopy, mustImportStack, readState, requireStack } from "../lib/pulumi/stacks.ts";

const command = new Command("npm run destroy --")
  .description("Takes a whole site down: says what is lost with it, asks for its name, lifts the protection, destroys.")
  .argument("<site>", "the stack, such as site-a")
  .option("--confirm <site>", "the site's name once more, for scripts: do not ask")
  .option("--lost-cluster", "the cluster is gone for good: forget what is in it, and delete the rest")
  .exitOverride()
  .action(async (site: string, options: Options) => {
    process.exitCode = await destroy(site, options);
  });

interface Options {
  readonly confirm?: string;
  readonly lostCluster?: boolean;
}

async function destroy(site: string, { confirm, lostCluster = false }: Options): Promise<number> {
  await requireStack(site);
  await requireIgnoreProtect();
  const whole = await readState(site);
  const state = lostCluster ? withoutCluster(whole) : whole;
  if (madeThings(whole).length === 0) {
    say(`${site} has no resources. There is nothing to destroy.`);
    return exitCode.fine;
  }
  if (pendingOf(state).length > 0) {
    throw new UserError(
      `A run on ${site} was killed. What it left has to be settled first: npm run recover -- ${site}`,
    );
  }
  const inventory = inventoryOf(whole);
  const cluster = await reach(site);
  if (lostCluster && cluster.api !== undefined) throw new UserError(isNotLost(cluster.api.server));
  say(describeLoss(site, inventory, cluster.known));
  if (lostCluster) say(describeForgotten(whole, inventory));
  say(describeDependents(site, dependentsOn(site)));
  const typed = confirm ?? (await ask(`Type the site's name to destroy it:`, `add --confirm ${site}`));
  if (typed !== site) {
    say(`That is not ${site}. Nothing was changed.`);
    return exitCode.wrong;
  }
  const allVirtual = inventory.stayingNodes.length === 0;
  if (cluster.api === undefined && !allVirtual && !lostCluster) {
    throw new UserError(staysUnreachable(site, inventory.stayingNodes));
  }
  if (cluster.api !== undefined) say(await letLonghornGo(cluster.api));
  say(`\nThe state before is in ${keepCopy(site, whole, new Date())}.`);
  if (lostCluster) await mustImportStack(site, state);
  return takeDown(site, inventory);
}

interface Reached {
  /** Absent where it does not answer. */
  readonly api?: ClusterApi;
  readonly known: KnownBackups;
}

async function reach(site: string): Promise<Reached> {
  const output = await runPulumi(["stack", "output", "kubeconfig", "--show-secrets", "--stack", site]);
  if (output.exitCode !== 0) return { known: { unknown: "the stack has no kubeconfig among its outputs." } };
  const api = new ClusterApi(output.stdout);
  try {
    return { api, known: { backups: await lastBackups(api) } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { known: { unknown: `the cluster at ${api.server} does not answer (${why}).` } };
  }
}

/** What other sites keep here or read from here, by the stack files. */
function dependentsOn(site: string): readonly Dependent[] {
  const planned = planStackFiles(process.cwd());
  if ("findings" in planned) {
    say("\nThe stack files are not in order, so which sites rest on this one is not known: see npm run preview.");
    return [];
  }
  return planned.fleet.sites
    .filter(({ facts }) => facts.name !== site)
    .flatMap(({ facts, services }) => {
      const links = linksOf(services).filter((link) => link.site === site);
      return [...new Set(links.map(({ service }) => service))].map((service) => ({
        site: facts.name,
        service,
        items: links.filter((link) => link.service === service).map(({ item }) => item),
      }));
    });
}

const staysUnreachable = (site: string, nodes: readonly string[]): string =>
  `${nodes.join(", ")} stay when the site goes, and the cluster on them does not answer: what runs there could not be removed. ` +
  "Bring the cluster up and try again; with servers lost, go back to a snapshot (npm run restore). " +
  `If it is gone for good: npm run destroy -- ${site} --lost-cluster, which forgets what is in it. Nothing was changed.`;

const isNotLost = (server: string): string =>
  `The cluster at ${server} answers: it is not lost, and what is in it can be deleted. Leave --lost-cluster out. Nothing was changed.`;

async function takeDown(site: string, inventory: Inventory): Promise<number> {
  // Where the cluster's machines go too, what cannot be deleted in the cluster goes with them.
  const env = inventory.stayingNodes.length === 0 ? { PULUMI_K8S_DELETE_UNREACHABLE: "true" } : {};
  // Protection is passed over by this run alone and stays in the state: whatever ends the run, what is left is protected.
  const args = ["destroy", "--yes", "--skip-preview", "--ignore-protect", "--stack", site];
  const run = await outlivingInterrupts(() => runPulumi(args, { shown: true, env }));
  const left = await readState(site);
  if (run.exitCode === 0 && madeThings(left).length === 0) {
    say(afterwards(site, inventory));
    return exitCode.fine;
  }
  const names = madeThings(left).slice(0, 10).map(nameOf).join(", ");
  process.stderr.write(
    `${site} still has ${madeThings(left).length} resources (${names} …). What was protected still is. Fix what is said above, then run this once more.\n`,
  );
  return exitCode.wrong;
}

/** Ctrl-C reaches the CLI, too, which ends in order. Who started it waits, and tells what is left. */
async function outlivingInterrupts<T>(work: () => Promise<T>): Promise<T> {
  const wait = (): void => undefined;
  process.on("SIGINT", wait);
  try {
    return await work();
  } finally {
    process.off("SIGINT", wait);
  }
}

/** The first CLI with that flag: https://github.com/pulumi/pulumi/releases/tag/v3.256.0 */
async function requireIgnoreProtect(): Promise<void> {
  const help = await pulumi(["destroy", "--help"]);
  if (help.includes("--ignore-protect")) return;
  const version = (await pulumi(["version"])).trim();
  throw new UserError(
    `This needs the Pulumi CLI 3.256.0 or newer (destroy --ignore-protect); here is ${version}. Update it and try again.`,
  );
}

function afterwards(site: string, { stayingNodes }: Inventory): string {
  const staying =
    stayingNodes.length === 0
      ? ""
      : `\nk3s still runs on ${stayingNodes.join(", ")}. On each: /usr/local/bin/k3s-uninstall.sh, or k3s-agent-uninstall.sh on agents.`;
  return (
    `\n${site} is gone; its stack is empty and keeps its configuration.${staying}\n` +
    `To forget the stack too: pulumi stack rm ${site}. To build the site again: pulumi up --stack ${site}`
  );
}

await runCommand(command);
