import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { ask, exitCode, runCommand, say } from "../lib/command-line.ts";
import { nameOf } from "../lib/pulumi/checkpoint.ts";
import { explain, pulumi, runPulumi } from "../lib/pulumi/cli.ts";
import { projectName } from "../lib/pulumi/project.ts";
import { importStack, keepCopy, mustImportStack, readState, requireStack } from "../lib/pulumi/stacks.ts";
import {
  describeInterrupted,
  interruptedIn,
  outcomes,
  withoutPending,
  withoutRefused,
  type Interrupted,
  type Outcome,
} from "../lib/recover/pending.ts";
import {
  describeHeld,
  forgetRevisions,
  lookAtCluster,
  releasesToRead,
  takeFieldsOver,
  type LookedAt,
} from "../lib/recover/cluster.ts";
import { describeUnfinished } from "../lib/recover/releases.ts";
import { fixTornFiles } from "../lib/recover/torn-files.ts";
import { backendUrl } from "../lib/state/backend.ts";

const command = new Command("npm run recover --")
  .description("After a `pulumi up` that was killed: gives back its lock and settles what was half made.")
  .argument("<site>", "the stack, such as site-a")
  .option("--yes", "do not ask")
  .addHelpText(
    "after",
    "\nOther runs on the same stack have to be over: what they do now would be lost from the state.\n",
  )
  .exitOverride()
  .action(async (site: string, options: { readonly yes?: true }) => {
    process.exitCode = await recover(site, options.yes ?? false);
  });

async function recover(site: string, yes: boolean): Promise<number> {
  for (const fixed of await fixTornFiles(await backendUrl(), projectName())) say(fixed);
  await requireStack(site);
  const lock = await heldLock(site);
  const interrupted = interruptedIn(await readState(site));
  const cluster = await lookAtCluster(site);
  const left = leftIn(cluster);
  if ("unknown" in cluster && cluster.unknown !== undefined) {
    say(`What runs left in the cluster was not looked at: ${cluster.unknown}.`);
  }
  if (lock === undefined && interrupted.length + left.length === 0) {
    say(`${site} has no lock and nothing half made. There is nothing to do.`);
    return exitCode.fine;
  }
  if (lock !== undefined) say(`The lock of ${site} is held:\n${lock}`);
  if (interrupted.length > 0) say(`The run that ended was:\n${listed(interrupted.map(describeInterrupted))}`);
  if (left.length > 0) say(`In the cluster:\n${listed(left)}`);
  if (!yes && !(await agreed(site))) {
    say("Nothing was changed.");
    return exitCode.wrong;
  }
  if (lock !== undefined) await pulumi(["cancel", "--yes", "--stack", site]);
  return settle(site, cluster);
}

function leftIn(cluster: LookedAt): readonly string[] {
  if ("unknown" in cluster) return [];
  return [...cluster.left.unfinished.map(describeUnfinished), ...cluster.left.held.map(describeHeld)];
}

async function agreed(site: string): Promise<boolean> {
  const question = `Is every other run on ${site} over, and shall this be settled? (yes/no)`;
  return /^y(es)?$/i.test(await ask(question, "add --yes"));
}

/** Who holds the lock, in the engine's words. Only a write meets the lock: the state is written back as it is. */
async function heldLock(site: string): Promise<string | undefined> {
  const written = await importStack(site, await readState(site));
  if (written.exitCode === 0) return undefined;
  if (!written.stderr.includes("locked")) {
    throw new UserError(explain(["stack", "import", "--stack", site], written.stderr));
  }
  return written.stderr
    .split("\n")
    .filter((line) => line.includes("created by"))
    .map((line) => `  ${line.trim()}`)
    .join("\n");
}

/** From here on nobody else writes. All or nothing: where something cannot be looked for, the state is as it was. */
async function settle(site: string, cluster: LookedAt): Promise<number> {
  const before = await readState(site);
  const interrupted = interruptedIn(before);
  const { unfinished, held } = "unknown" in cluster ? { unfinished: [], held: [] } : cluster.left;
  if ("api" in cluster) {
    await forgetRevisions(cluster.api, unfinished);
    await takeFieldsOver(cluster.api, held);
  }
  const toRead = releasesToRead(before, unfinished);
  if (interrupted.length + toRead.length === 0) {
    const settled =
      unfinished.length + held.length > 0 ? "what was left in the cluster is settled" : "nothing was half made";
    say(`No lock is held, and ${settled}. Go on with: pulumi up --stack ${site}`);
    return exitCode.fine;
  }
  const copy = keepCopy(site, before, new Date());
  await mustImportStack(site, withoutPending(before, interrupted));
  const looked = await lookFor(site, interrupted, toRead);
  if ("failed" in looked) {
    await mustImportStack(site, before);
    throw new UserError(
      `What was half made could not be looked for, so the state is as before. Run this again when it can be reached.\n${looked.failed}`,
    );
  }
  say(`\n${told(looked.outcomes)}The state before is in ${copy}.`);
  const refused = looked.outcomes.filter((one) => one.refused !== undefined);
  if (refused.length === 0) {
    say(`Go on with: pulumi up --stack ${site}`);
    return exitCode.fine;
  }
  say(`Fix what is said above, then go on with: pulumi up --stack ${site}`);
  return exitCode.wrong;
}

/** Asks the providers, for these alone, what is there. */
async function lookFor(
  site: string,
  interrupted: readonly Interrupted[],
  toRead: readonly string[],
): Promise<{ readonly outcomes: readonly Outcome[] } | { readonly failed: string }> {
  const looking = interrupted.filter((one) => one.lookFor !== undefined);
  const urns = new Set([...looking.map(({ operation }) => operation.resource.urn), ...toRead]);
  if (urns.size === 0) return { outcomes: [] };
  const targets = [...urns].flatMap((urn) => ["--target", urn]);
  const run = await runPulumi(["refresh", "--yes", "--skip-preview", "--stack", site, "--color", "never", ...targets]);
  if (run.exitCode !== 0) return { failed: `${run.stdout}\n${run.stderr}`.trim() };
  const refreshed = await readState(site);
  const looked = outcomes(interrupted, refreshed);
  if (looked.some((one) => one.refused !== undefined)) await mustImportStack(site, withoutRefused(refreshed, looked));
  return { outcomes: looked };
}

const listed = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");

function told(looked: readonly Outcome[]): string {
  const line = ({ interrupted, found, refused }: Outcome): string => {
    const name = nameOf(interrupted.operation.resource);
    if (interrupted.operation.type === "deleting")
      return found ? `${name} is still there: the next \`up\` or \`destroy\` deletes it.\n` : `${name} is gone.\n`;
    if (refused !== undefined) return `${name}: ${refused}\n`;
    return found ? `${name} is there and was taken up.\n` : `${name} is not there: the next \`up\` makes it.\n`;
  };
  return looked.map(line).join("");
}

await runCommand(command);
