import { randomBytes } from "node:crypto";
import { UserError } from "@isthmus/core";
import { deployedCluster } from "../../lib/cluster/deployed.ts";
import { restoreCluster } from "../../lib/cluster/restore.ts";
import { findSnapshot } from "../../lib/cluster/snapshots.ts";
import { retold } from "../../lib/exit.ts";
import type { StackAt } from "../../lib/pulumi/stacks.ts";
import { agrees, exitCode, MissingError, say, type ExitCode } from "../../lib/command-line.ts";

interface Options extends StackAt {
  readonly snapshot: string;
  readonly confirm: string | undefined;
  readonly continue: string | undefined;
}

export async function restore(options: Options): Promise<ExitCode> {
  const { site } = options;
  if (options.continue !== undefined && !/^[0-9a-f]{8}$/.test(options.continue)) {
    throw new UserError(
      `--continue "${options.continue}" is no restore: it has eight digits and letters, as the restore that was cut off told. Nothing was changed.`,
    );
  }
  const cluster = await deployedCluster(options);
  const snapshot = await find(site, () => findSnapshot(cluster, options.snapshot));
  say(`${site} goes back to ${snapshot.name}, made at ${snapshot.madeAt}, from ${snapshot.on}.`);
  say("Its API stops meanwhile; what runs goes on running. What was written after the snapshot is lost.");
  if (!(await agrees(site, options.confirm, "Type the site's name to restore it:"))) return exitCode.finding;
  const attempt = options.continue ?? randomBytes(4).toString("hex");
  say(`Should this be cut off: npm run restore -- ${site} --snapshot ${snapshot.name} --continue ${attempt}`);
  try {
    await restoreCluster(cluster, { snapshot, attempt, say });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw retold(error, `${error.message}\n\n${goOn(site, snapshot.name, attempt)}`);
  }
  say(`${site} is as it was at ${snapshot.madeAt}. Now bring it to what is declared: pulumi up --stack ${site}`);
  return exitCode.fine;
}

/** Who lost machines may not have told the stack of the new ones: it then asks the old ones. */
async function find<T>(site: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    const hint = `Machines that were replaced are known after: pulumi up --stack ${site} (it may end at admission)`;
    throw new MissingError(`${error.message}\n\nNothing was changed. ${hint}.`);
  }
}

const goOn = (site: string, snapshot: string, attempt: string): string =>
  `Fix what is said above, then go on from there: npm run restore -- ${site} --snapshot ${snapshot} --continue ${attempt}`;
