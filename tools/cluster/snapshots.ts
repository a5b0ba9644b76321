import { UserError } from "@isthmus/core";
import {
  chooseSnapshot,
  parseSnapshots,
  scripts,
  snapshotsStep,
  type ClusterPlan,
  type FoundSnapshot,
} from "@isthmus/k3s";
import { askAnother, UnreachableError } from "@isthmus/remote/client";
import type { DeployedCluster } from "./deployed.ts";
import { mustRunScript, runScript } from "./run-script.ts";

/** Takes a snapshot on the first server that answers, and returns its full name. */
export async function takeSnapshot({ plan, access }: DeployedCluster, name: string): Promise<string> {
  const refusals: string[] = [];
  for (const node of serverNames(plan)) {
    try {
      const step = { node, script: scripts.snapshot, parameters: { SNAPSHOT: name }, secretNames: [] };
      const { status, stdout, said } = await runScript(access, step);
      if (status === 0) return stdout.trim();
      if (status !== askAnother) throw new UserError(`No snapshot was taken:\n${said.trimEnd()}`);
      refusals.push(said.trimEnd());
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      refusals.push(`[${node}] cannot be reached: ${error.message}`);
    }
  }
  throw new UserError(`No snapshot was taken: none of the servers can.\n${refusals.join("\n")}`);
}

/** All servers must answer: a restore stops every one of them. So what is missing is said before anything is changed. */
export async function findSnapshot({ plan, access }: DeployedCluster, wanted: string): Promise<FoundSnapshot> {
  // An object store tells every server the same.
  const asked = plan.settings.snapshots.s3 === undefined ? serverNames(plan) : serverNames(plan).slice(0, 1);
  const found: FoundSnapshot[] = [];
  for (const node of asked) {
    const { stdout } = await mustRunScript(access, snapshotsStep(plan, node));
    found.push(...parseSnapshots(node, stdout));
  }
  const chosen = chooseSnapshot(found, wanted);
  if (chosen !== undefined) return chosen;
  if (found.length === 0) throw new UserError(`There is no snapshot ${whereKept(plan)}. Nothing was changed.`);
  const names = [...new Set(found.map(({ name }) => name))].sort().slice(-20);
  throw new UserError(
    `There is no snapshot "${wanted}" ${whereKept(plan)}. Nothing was changed. There are:\n  ${names.join("\n  ")}`,
  );
}

export const serverNames = ({ order }: ClusterPlan): readonly string[] => order.servers.map(({ node }) => node.name);

function whereKept({ settings }: ClusterPlan): string {
  const { s3 } = settings.snapshots;
  return s3 === undefined ? "on the servers' disks" : `in ${s3.bucket}/${s3.folder} at ${s3.endpoint}`;
}
