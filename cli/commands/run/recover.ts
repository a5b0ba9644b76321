import { agrees, exitCode, MissingError, say, type ExitCode } from "../../lib/command-line.ts";
import { nameOf } from "../../lib/pulumi/checkpoint.ts";
import { explain, pulumi, runPulumi } from "../../lib/pulumi/cli.ts";
import { projectName } from "../../lib/pulumi/project.ts";
import {
  importStack,
  keepCopy,
  mustImportStack,
  readState,
  requireStack,
  type StackAt,
} from "../../lib/pulumi/stacks.ts";
import {
  describeInterrupted,
  interruptedIn,
  outcomes,
  withoutPending,
  withoutRefused,
  type Interrupted,
  type Outcome,
} from "../../lib/recover/pending.ts";
import {
  describeHeld,
  forgetRevisions,
  lookAtCluster,
  releasesToRead,
  takeFieldsOver,
  type LookedAt,
} from "../../lib/recover/cluster.ts";
import { describeUnfinished } from "../../lib/recover/releases.ts";
import { fixTornFiles } from "../../lib/recover/torn-files.ts";
import { backendUrl } from "../../lib/state/backend.ts";

interface Options extends StackAt {
  readonly confirm: string | undefined;
}

export async function recover({ confirm, ...at }: Options): Promise<ExitCode> {
  const { config, site } = at;
  for (const fixed of await fixTornFiles(await backendUrl(config), projectName(config))) say(fixed);
  await requireStack(at);
  const lock = await heldLock(at);
  const interrupted = interruptedIn(await readState(at));
  const cluster = await lookAtCluster(at);
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
  const question = `Every other run on ${site} has to be over. Type the site's name to settle this:`;
  if (!(await agrees(site, confirm, question))) return exitCode.finding;
  if (lock !== undefined) await pulumi(config, ["cancel", "--yes", "--stack", site]);
  return settle(at, cluster);
}

function leftIn(cluster: LookedAt): readonly string[] {
  if ("unknown" in cluster) return [];
  return [...cluster.left.unfinished.map(describeUnfinished), ...cluster.left.held.map(describeHeld)];
}

/** Who holds the lock, in the engine's words. Only a write meets the lock: the state is written back as it is. */
async function heldLock(at: StackAt): Promise<string | undefined> {
  const written = await importStack(at, await readState(at));
  if (written.exitCode === 0) return undefined;
  if (!written.stderr.includes("locked")) {
    throw new MissingError(explain(["stack", "import", "--stack", at.site], written.stderr));
  }
  return written.stderr
    .split("\n")
    .filter((line) => line.includes("created by"))
    .map((line) => `  ${line.trim()}`)
    .join("\n");
}

/** From here on nobody else writes. All or nothing: where something cannot be looked for, the state is as it was. */
async function settle(at: StackAt, cluster: LookedAt): Promise<ExitCode> {
  const { site } = at;
  const before = await readState(at);
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
  const copy = keepCopy(at, before, new Date());
  await mustImportStack(at, withoutPending(before, interrupted));
  const looked = await lookFor(at, interrupted, toRead);
  if ("failed" in looked) {
    await mustImportStack(at, before);
    throw new MissingError(
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
  return exitCode.finding;
}

/** Asks the providers, for these alone, what is there. */
async function lookFor(
  at: StackAt,
  interrupted: readonly Interrupted[],
  toRead: readonly string[],
): Promise<{ readonly outcomes: readonly Outcome[] } | { readonly failed: string }> {
  const looking = interrupted.filter((one) => one.lookFor !== undefined);
  const urns = new Set([...looking.map(({ operation }) => operation.resource.urn), ...toRead]);
  if (urns.size === 0) return { outcomes: [] };
  const targets = [...urns].flatMap((urn) => ["--target", urn]);
  const words = ["refresh", "--yes", "--skip-preview", "--stack", at.site, "--color", "never", ...targets];
  const run = await runPulumi(at.config, words);
  if (run.exitCode !== 0) return { failed: `${run.stdout}\n${run.stderr}`.trim() };
  const refreshed = await readState(at);
  const looked = outcomes(interrupted, refreshed);
  if (looked.some((one) => one.refused !== undefined)) await mustImportStack(at, withoutRefused(refreshed, looked));
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
