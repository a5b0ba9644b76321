import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { linksOf } from "../plan/links.ts";
import { planStackFiles } from "../plan/stack-files.ts";
import { ask, exitCode, runCommand, say } from "./command-line.ts";
import { ClusterApi } from "./destroy/cluster-api.ts";
import { describeDependents, describeLoss, type Dependent, type KnownBackups } from "./destroy/describe.ts";
import { inventoryOf, type Inventory } from "./destroy/inventory.ts";
import { lastBackups } from "./destroy/last-backups.ts";
import { letLonghornGo } from "./destroy/longhorn.ts";
import { madeThings, nameOf, pendingOf, resourcesOf, type Checkpoint } from "./pulumi/checkpoint.ts";
import { pulumi, runPulumi } from "./pulumi/cli.ts";
import { keepCopy, mustImportStack, readState, requireStack } from "./pulumi/stacks.ts";

const command = new Command("npm run destroy --")
  .description("Takes a whole site down: says what is lost with it, asks for its name, lifts the protection, destroys.")
  .argument("<site>", "the stack, such as site-a")
  .option("--confirm <site>", "the site's name once more, for scripts: do not ask")
  .exitOverride()
  .action(async (site: string, options: { readonly confirm?: string }) => {
    process.exitCode = await destroy(site, options.confirm);
  });

async function destroy(site: string, confirmed: string | undefined): Promise<number> {
  await requireStack(site);
  const state = await readState(site);
  if (madeThings(state).length === 0) {
    say(`${site} has no resources. There is nothing to destroy.`);
    return exitCode.fine;
  }
  if (pendingOf(state).length > 0) {
    throw new UserError(
      `A run on ${site} was killed. What it left has to be settled first: npm run recover -- ${site}`,
    );
  }
  const inventory = inventoryOf(state);
  const cluster = await reach(site);
  say(describeLoss(site, inventory, cluster.known));
  say(describeDependents(site, dependentsOn(site)));
  const typed = confirmed ?? (await ask(`Type the site's name to destroy it:`, `add --confirm ${site}`));
  if (typed !== site) {
    say(`That is not ${site}. Nothing was changed.`);
    return exitCode.wrong;
  }
  const allVirtual = inventory.stayingNodes.length === 0;
  if (cluster.api === undefined && !allVirtual) throw new UserError(staysUnreachable(inventory.stayingNodes));
  if (cluster.api !== undefined) say(await letLonghornGo(cluster.api));
  return takeDown(site, state, inventory);
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

const staysUnreachable = (nodes: readonly string[]): string =>
  `${nodes.join(", ")} stay when the site goes, and the cluster on them does not answer: what runs there could not be removed. ` +
  "Bring the cluster up and try again. Nothing was changed.";

async function takeDown(site: string, state: Checkpoint, inventory: Inventory): Promise<number> {
  say(`\nThe state before is in ${keepCopy(site, state, new Date())}.`);
  await pulumi(["state", "unprotect", "--all", "--yes", "--stack", site]);
  // Where the cluster's machines go too, what cannot be deleted in the cluster goes with them.
  const env = inventory.stayingNodes.length === 0 ? { PULUMI_K8S_DELETE_UNREACHABLE: "true" } : {};
  const run = await runPulumi(["destroy", "--yes", "--skip-preview", "--stack", site], { shown: true, env });
  const left = await readState(site);
  if (run.exitCode === 0 && madeThings(left).length === 0) {
    say(afterwards(site, inventory));
    return exitCode.fine;
  }
  await protectAgain(site, left, inventory);
  const names = madeThings(left).slice(0, 10).map(nameOf).join(", ");
  process.stderr.write(
    `${site} still has ${madeThings(left).length} resources (${names} …). What was protected is so again. Mend what is said above, then run this once more.\n`,
  );
  return exitCode.wrong;
}

/** A site that stays half has machines with data: the next plain `destroy` must not take them. */
async function protectAgain(site: string, left: Checkpoint, inventory: Inventory): Promise<void> {
  const names = new Set(inventory.protected);
  const resources = resourcesOf(left).map((one) => (names.has(nameOf(one)) ? { ...one, protect: true } : one));
  await mustImportStack(site, { ...left, deployment: { ...left.deployment, resources } });
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
