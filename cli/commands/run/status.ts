import { isAsDeclared } from "../../lib/cluster/compare.ts";
import { deployedCluster } from "../../lib/cluster/deployed.ts";
import { lookAtCluster } from "../../lib/cluster/look.ts";
import { reportText } from "../../lib/cluster/report-text.ts";
import type { StackAt } from "../../lib/pulumi/stacks.ts";
import { exitCode, say, type ExitCode } from "../../lib/command-line.ts";

export async function status({ json, ...at }: StackAt & { readonly json: boolean }): Promise<ExitCode> {
  const report = await lookAtCluster(await deployedCluster(at));
  say(json ? JSON.stringify({ ...report, asDeclared: isAsDeclared(report) }, null, 2) : reportText(report));
  return isAsDeclared(report) ? exitCode.fine : exitCode.finding;
}
