import { splitSourcePath } from "@isthmus/core";
import { Command } from "commander";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { exitCode, runCommand, say } from "../lib/command-line.ts";
import { backup } from "../lib/state/backup.ts";
import { checkState, gather, notSeen } from "../lib/state/check.ts";
import { restore } from "../lib/state/restore.ts";

const defaultFolder = "state-copies";

const command = new Command("npm run state --")
  .description("The stacks' states: are they where the stack files say, a copy of them, and back from a copy.")
  .exitOverride();

command
  .command("check")
  .description("compare what fleet.state says with what is")
  .option("--copies <folder>", "where `backup` wrote to; default: fleet.state.copyAt, where that is a folder here")
  .action(async ({ copies }: { readonly copies?: string }) => {
    process.exitCode = await check(copies);
  });

command
  .command("backup")
  .description("copy every stack's state, encrypted as it is, to a folder with the date in its name")
  .option("--to <folder>", "the folder above it", defaultFolder)
  .action(async ({ to }: { readonly to: string }) => {
    const { folder, manifest } = await backup(to, new Date());
    const lines = Object.entries(manifest.stacks).map(
      ([name, { resources, writtenAt }]) => `  ${name}: ${resources} resources, as of ${writtenAt}`,
    );
    say(`${lines.join("\n")}\nCopied to ${folder}. To put it back: npm run state -- restore ${folder}`);
  });

command
  .command("restore")
  .description("put states back; needs the project's files, the backend (it may be empty) and the passphrase")
  .argument("<folder>", "what `backup` wrote, such as state-copies/2026-11-21T09-30-00.000Z")
  .argument("[site]", "only this one")
  .option("--force", "take the place of newer states too")
  .action(async (folder: string, site: string | undefined, options: { readonly force?: true }) => {
    const told = await restore(folder, { site, force: options.force ?? false });
    say(`${told.join("\n")}\nLook before you go on: pulumi preview --stack ${site ?? "SITE"}`);
  });

command
  .command("forget-host")
  .description(
    "take a Proxmox host that is gone for good, and what was on it, out of a site's state, so that `up` goes on",
  )
  .argument("<site>", "the stack, such as site-a")
  .argument("<host>", "the physical host, as hosts of the site names it, such as pve-a-2")
  .option("--confirm <host>", "the host's name once more, for scripts: do not ask")
  .action(async (site: string, host: string, { confirm }: { readonly confirm?: string }) => {
    const { forgetHost } = await import("../lib/state/forget-host.ts");
    process.exitCode = (await forgetHost({ site, host, confirm })) ? exitCode.fine : exitCode.wrong;
  });

async function check(copies: string | undefined): Promise<number> {
  const { fleet } = fleetOrRefuse(process.cwd()).model;
  const facts = await gather(fleet.state, fleet.sites, copies);
  const findings = checkState(facts);
  say(`${facts.backend}: ${facts.stacks.map(({ name }) => name).join(", ") || "no stacks"}`);
  for (const line of notSeen(facts)) say(line);
  if (findings.length === 0) {
    say("The states are where the stack files say, and can be read.");
    return exitCode.fine;
  }
  const lines = findings.map(({ at, problem, fix }) => `${splitSourcePath(at).file}: ${problem}\n    ${fix}`);
  process.stderr.write(`${lines.join("\n")}\n`);
  return exitCode.wrong;
}

await runCommand(command);
