import { randomBytes } from "node:crypto";
import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { deployedCluster } from "../lib/cluster/deployed.ts";
import { restoreCluster } from "../lib/cluster/restore.ts";
import { findSnapshot } from "../lib/cluster/snapshots.ts";
import { ask, exitCode, runCommand, say } from "../lib/command-line.ts";

interface Options {
  readonly snapshot: string;
  readonly confirm?: string;
  readonly continue?: string;
}

const command = new Command("npm run restore --")
  .description("Brings a site's cluster back to a snapshot of etcd. What was written after it is lost.")
  .argument("<site>", "the stack, such as site-a")
  .requiredOption("--snapshot <name>", "its name, or: latest")
  .option("--confirm <site>", "the site's name once more, for scripts: do not ask")
  .option("--continue <restore>", "go on with a restore that was interrupted, by the name that it told")
  .addHelpText(
    "after",
    "\nMachines that were replaced need `pulumi up` to know of them first; it may fail at the join.\n",
  )
  .exitOverride()
  .action(async (site: string, options: Options) => {
    process.exitCode = await restore(site, options);
  });

async function restore(site: string, options: Options): Promise<number> {
  if (options.continue !== undefined && !/^[0-9a-f]{8}$/.test(options.continue)) {
    throw new UserError(
      `--continue "${options.continue}" is no restore: it has eight digits and letters, as the restore that was cut off told. Nothing was changed.`,
    );
  }
  const cluster = await deployedCluster(site);
  const snapshot = await find(site, () => findSnapshot(cluster, options.snapshot));
  say(`${site} goes back to ${snapshot.name}, made at ${snapshot.madeAt}, from ${snapshot.on}.`);
  say("Its API stops meanwhile; what runs goes on running. What was written after the snapshot is lost.");
  const typed = options.confirm ?? (await ask("Type the site's name to restore it:", `add --confirm ${site}`));
  if (typed !== site) {
    say(`That is not ${site}. Nothing was changed.`);
    return exitCode.wrong;
  }
  const attempt = options.continue ?? randomBytes(4).toString("hex");
  say(`Should this be cut off: npm run restore -- ${site} --snapshot ${snapshot.name} --continue ${attempt}`);
  try {
    await restoreCluster(cluster, { snapshot, attempt, say });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}\n\n${goOn(site, snapshot.name, attempt)}`);
  }
  say(`${site} is as it was at ${snapshot.madeAt}. Now bring it to what is declared: pulumi up --stack ${site}`);
  return exitCode.fine;
}

/** Who lost machines may not have told the stack of the new ones: it then asks the old ones. */
async function find<T>(site: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.includes("cannot be reached")) throw error;
    const hint = `Machines that were replaced are known after: pulumi up --stack ${site} (it may end at admission)`;
    throw new UserError(`${error.message}\n\nNothing was changed. ${hint}.`);
  }
}

const goOn = (site: string, snapshot: string, attempt: string): string =>
  `Fix what is said above, then go on from there: npm run restore -- ${site} --snapshot ${snapshot} --continue ${attempt}`;

await runCommand(command);
