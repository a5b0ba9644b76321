import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { deployedCluster } from "./cluster/deployed.ts";
import { takeSnapshot } from "./cluster/snapshots.ts";
import { exitCode, runCommand, say } from "./command-line.ts";

const command = new Command("npm run snapshot --")
  .description("Takes a snapshot of a site's etcd now, where the stack file says that snapshots are kept.")
  .argument("<site>", "the stack, such as site-a")
  .option("--name <name>", "what it is called; k3s adds node and time", "on-demand")
  .exitOverride()
  .action(async (site: string, { name }: { readonly name: string }) => {
    process.exitCode = await snapshot(site, name);
  });

async function snapshot(site: string, name: string): Promise<number> {
  if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name) || name === "latest") {
    throw new UserError(
      `"${name}" is no name for a snapshot: use lower case letters, digits and dashes, and not "latest".`,
    );
  }
  const taken = await takeSnapshot(await deployedCluster(site), name);
  say(`${taken}\nTo go back to it: npm run restore -- ${site} --snapshot ${taken}`);
  return exitCode.fine;
}

await runCommand(command);
