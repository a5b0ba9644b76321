import { splitSourcePath } from "@isthmus/core";
import { fleetOrRefuse } from "../../../plan/stack-files.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";
import { copiesFolder } from "../../lib/pulumi/stacks.ts";
import { backup } from "../../lib/state/backup.ts";
import { checkState, gather, notSeen } from "../../lib/state/check.ts";
import { restore } from "../../lib/state/restore.ts";

interface Check {
  readonly config: string;
  readonly copies: string | undefined;
}

export async function check({ config, copies }: Check): Promise<ExitCode> {
  const { fleet } = fleetOrRefuse(config).model;
  const facts = await gather({ config, stated: fleet.state, sites: fleet.sites, copiesAt: copies });
  const findings = checkState(facts);
  say(`${facts.backend}: ${facts.stacks.map(({ name }) => name).join(", ") || "no stacks"}`);
  for (const line of notSeen(facts)) say(line);
  if (findings.length === 0) {
    say("The states are where the stack files say, and can be read.");
    return exitCode.fine;
  }
  const lines = findings.map(({ at, problem, fix }) => `${splitSourcePath(at).file}: ${problem}\n    ${fix}`);
  process.stderr.write(`${lines.join("\n")}\n`);
  return exitCode.finding;
}

interface Backup {
  readonly config: string;
  readonly to: string | undefined;
}

export async function takeBackup({ config, to = copiesFolder(config) }: Backup): Promise<ExitCode> {
  const { folder, manifest } = await backup({ config, to, now: new Date() });
  const lines = Object.entries(manifest.stacks).map(
    ([name, { resources, writtenAt }]) => `  ${name}: ${resources} resources, as of ${writtenAt}`,
  );
  say(`${lines.join("\n")}\nCopied to ${folder}. To put it back: npm run state -- restore ${folder}`);
  return exitCode.fine;
}

interface PutBack {
  readonly config: string;
  readonly folder: string;
  readonly only: string | undefined;
  readonly force: boolean;
}

export async function putBack({ config, folder, only, force }: PutBack): Promise<ExitCode> {
  const told = await restore(folder, { config, site: only, force });
  say(`${told.join("\n")}\nLook before you go on: pulumi preview --stack ${only ?? "SITE"}`);
  return exitCode.fine;
}
