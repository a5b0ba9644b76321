import { plannedNodes, type RotationRequest } from "@isthmus/k3s";
import { deployedCluster } from "../../lib/cluster/deployed.ts";
import { describeKubeconfig, tryKubeconfig } from "../../lib/cluster/kubeconfig.ts";
import { checkNodes, onlyIfAny } from "../../lib/cluster/node-options.ts";
import { describeRotation, lookAtAllCertificates, rotateCertificates } from "../../lib/cluster/rotate-certificates.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";
import { pulumi } from "../../lib/pulumi/cli.ts";
import type { StackAt } from "../../lib/pulumi/stacks.ts";

interface Options extends StackAt {
  readonly only: readonly string[];
  readonly olderThan: number;
  readonly dryRun: boolean;
}

export async function rotate(options: Options): Promise<ExitCode> {
  const { config, site } = options;
  const cluster = await deployedCluster(options);
  checkNodes(
    options.only,
    plannedNodes(cluster.plan).map(({ node }) => node.name),
  );
  const request: RotationRequest = { olderThanDays: options.olderThan, only: onlyIfAny(options.only) };
  const looked = await lookAtAllCertificates(cluster);
  say(describeRotation(looked, request));
  if (options.dryRun) return exitCode.fine;
  await rotateCertificates(cluster, { looked, request, manner: { say, rebootSeconds: 0 } });
  say("The certificates of all nodes that are meant are new, and the nodes are in service.");
  const kubeconfig = await pulumi(config, ["stack", "output", "kubeconfig", "--show-secrets", "--stack", site]);
  say(describeKubeconfig(site, await tryKubeconfig(kubeconfig)));
  return exitCode.fine;
}
