import { plannedNodes, type RebootPolicy, type UpdateRequest } from "@isthmus/k3s";
import { deployedCluster } from "../../lib/cluster/deployed.ts";
import { checkNodes, onlyIfAny } from "../../lib/cluster/node-options.ts";
import { describeOsUpdate, lookForOsUpdates, updateOs } from "../../lib/cluster/update-os.ts";
import type { StackAt } from "../../lib/pulumi/stacks.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";

interface Options extends StackAt {
  readonly only: readonly string[];
  readonly reboot: RebootPolicy;
  readonly since: Date | undefined;
  readonly wait: number;
  readonly dryRun: boolean;
}

export async function update(options: Options): Promise<ExitCode> {
  const cluster = await deployedCluster(options);
  checkNodes(
    options.only,
    plannedNodes(cluster.plan).map(({ node }) => node.name),
  );
  const began = options.since ?? new Date();
  const request: UpdateRequest = {
    reboot: options.reboot,
    since: began.getTime() / 1000,
    only: onlyIfAny(options.only),
  };
  const looked = await lookForOsUpdates(cluster);
  say(describeOsUpdate(cluster, looked, request));
  if (options.dryRun) return exitCode.fine;
  if (options.reboot === "always") say(`If this is interrupted, go on with: --since ${began.toISOString()}`);
  await updateOs(cluster, { looked, request, manner: { say, rebootSeconds: options.wait } });
  say("All hosts that are meant are up to date and in service.");
  return exitCode.fine;
}
