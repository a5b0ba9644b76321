import { UserError } from "@isthmus/core";
import { linksOf } from "../../../plan/links.ts";
import { planStackFiles } from "../../../plan/stack-files.ts";
import { agrees, exitCode, MissingError, say, type ExitCode } from "../../lib/command-line.ts";
import { ClusterApi } from "../../lib/destroy/cluster-api.ts";
import { describeDependents, describeLoss, type Dependent, type KnownBackups } from "../../lib/destroy/describe.ts";
import { inventoryOf, type Inventory } from "../../lib/destroy/inventory.ts";
import { lastBackups } from "../../lib/destroy/last-backups.ts";
import { describeForgotten, withoutCluster } from "../../lib/destroy/lost-cluster.ts";
import { letLonghornGo } from "../../lib/destroy/longhorn.ts";
import { madeThings, nameOf, pendingOf } from "../../lib/pulumi/checkpoint.ts";
import { pulumi, runPulumi } from "../../lib/pulumi/cli.ts";
import { keepCopy, mustImportStack, readState, requireStack, type StackAt } from "../../lib/pulumi/stacks.ts";

interface Options extends StackAt {
  readonly confirm: string | undefined;
  readonly lostCluster: boolean;
}

export async function destroy({ confirm, lostCluster, ...at }: Options): Promise<ExitCode> {
  const { site } = at;
  await requireStack(at);
  await requireIgnoreProtect(at.config);
  const whole = await readState(at);
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
  const cluster = await reach(at);
  if (lostCluster && cluster.api !== undefined) throw new UserError(isNotLost(cluster.api.server));
  say(describeLoss(site, inventory, cluster.known));
  if (lostCluster) say(describeForgotten(whole, inventory));
  say(describeDependents(site, dependentsOn(at)));
  if (!(await agrees(site, confirm, "Type the site's name to destroy it:"))) return exitCode.finding;
  const allVirtual = inventory.stayingNodes.length === 0;
  if (cluster.api === undefined && !allVirtual && !lostCluster) {
    throw new MissingError(staysUnreachable(site, inventory.stayingNodes));
  }
  if (cluster.api !== undefined) say(await letLonghornGo(cluster.api));
  say(`\nThe state before is in ${keepCopy(at, whole, new Date())}.`);
  if (lostCluster) await mustImportStack(at, state);
  return takeDown(at, inventory);
}

interface Reached {
  /** Absent where it does not answer. */
  readonly api?: ClusterApi;
  readonly known: KnownBackups;
}

async function reach({ config, site }: StackAt): Promise<Reached> {
  const output = await runPulumi(config, ["stack", "output", "kubeconfig", "--show-secrets", "--stack", site]);
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
function dependentsOn({ config, site }: StackAt): readonly Dependent[] {
  const planned = planStackFiles(config);
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

async function takeDown(at: StackAt, inventory: Inventory): Promise<ExitCode> {
  const { config, site } = at;
  // Where the cluster's machines go too, what cannot be deleted in the cluster goes with them.
  const env = inventory.stayingNodes.length === 0 ? { PULUMI_K8S_DELETE_UNREACHABLE: "true" } : {};
  // Protection is passed over by this run alone and stays in the state: whatever ends the run, what is left is protected.
  const args = ["destroy", "--yes", "--skip-preview", "--ignore-protect", "--stack", site];
  const run = await outlivingInterrupts(() => runPulumi(config, args, { shown: true, env }));
  const left = await readState(at);
  if (run.exitCode === 0 && madeThings(left).length === 0) {
    say(afterwards(site, inventory));
    return exitCode.fine;
  }
  const names = madeThings(left).slice(0, 10).map(nameOf).join(", ");
  process.stderr.write(
    `${site} still has ${madeThings(left).length} resources (${names} …). What was protected still is. Fix what is said above, then run this once more.\n`,
  );
  return exitCode.finding;
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
async function requireIgnoreProtect(config: string): Promise<void> {
  const help = await pulumi(config, ["destroy", "--help"]);
  if (help.includes("--ignore-protect")) return;
  const version = (await pulumi(config, ["version"])).trim();
  throw new MissingError(
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
