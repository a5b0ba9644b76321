import { UserError } from "@isthmus/core";
import { Command } from "commander";
import { deployedCluster } from "../lib/cluster/deployed.ts";
import { listSnapshots, takeSnapshot, whereKept } from "../lib/cluster/snapshots.ts";
import { exitCode, runCommand, say } from "../lib/command-line.ts";

const command = new Command("npm run snapshot --")
  .description("Takes a snapshot of a site's etcd now, where the stack file says that snapshots are kept.")
  .argument("<site>", "the stack, such as site-a")
  .option("--name <name>", "what it is called; k3s adds node and time", "on-demand")
  .option("--list", "takes none: tells which there are, the oldest first")
  .exitOverride()
  .action(async (site: string, { name, list }: { readonly name: string; readonly list?: boolean }) => {
    process.exitCode = await (list === true ? tell(site) : snapshot(site, name));
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

/** One called token-rotation is the first that the token of its time opens: those before it need the one before. */
async function tell(site: string): Promise<number> {
  const cluster = await deployedCluster(site);
  const found = await listSnapshots(cluster);
  for (const { madeAt, name } of found) say(`${madeAt.replace(/\.\d+Z$/, "Z")}  ${name}`);
  say(`${String(found.length)} snapshots ${whereKept(cluster.plan)}`);
  return exitCode.fine;
}

await runCommand(command);
