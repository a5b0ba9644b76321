import { deployedCluster } from "../../lib/cluster/deployed.ts";
import { listSnapshots, takeSnapshot, whereKept } from "../../lib/cluster/snapshots.ts";
import type { StackAt } from "../../lib/pulumi/stacks.ts";
import { exitCode, say, UsageError, type ExitCode } from "../../lib/command-line.ts";

export async function snapshot({ name, ...at }: StackAt & { readonly name: string }): Promise<ExitCode> {
  if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name) || name === "latest") {
    throw new UsageError(
      `"${name}" is no name for a snapshot: use lower case letters, digits and dashes, and not "latest".`,
    );
  }
  const taken = await takeSnapshot(await deployedCluster(at), name);
  say(`${taken}\nTo go back to it: npm run restore -- ${at.site} --snapshot ${taken}`);
  return exitCode.fine;
}

/** One called token-rotation is the first that the token of its time opens: those before it need the one before. */
export async function tell(at: StackAt): Promise<ExitCode> {
  const cluster = await deployedCluster(at);
  const found = await listSnapshots(cluster);
  for (const { madeAt, name } of found) say(`${madeAt.replace(/\.\d+Z$/, "Z")}  ${name}`);
  say(`${String(found.length)} snapshots ${whereKept(cluster.plan)}`);
  return exitCode.fine;
}
