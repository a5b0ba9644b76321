import { UserError } from "@isthmus/core";
import {
  chooseSnapshot,
  chooseToken,
  keptServerTokens,
  parseFingerprints,
  parseSnapshots,
  restoreObstacles,
  snapshotStep,
  snapshotsStep,
  snapshotTokenStep,
  tokenFingerprint,
  type ClusterPlan,
  type FoundSnapshot,
} from "@isthmus/k3s";
import { askAnother, UnreachableError } from "@isthmus/remote/client";
import type { DeployedCluster } from "./deployed.ts";
import { MissingError } from "../exit.ts";
import { mustRunScript, runScript } from "./run-script.ts";

/** Takes a snapshot on the first server that answers, and returns its full name. */
export async function takeSnapshot({ plan, access }: DeployedCluster, name: string): Promise<string> {
  const refusals: string[] = [];
  for (const node of serverNames(plan)) {
    try {
      const { status, stdout, said } = await runScript(access, snapshotStep(plan, node, name));
      if (status === 0) return stdout.trim();
      if (status !== askAnother) throw new UserError(`No snapshot was taken:\n${said.trimEnd()}`);
      refusals.push(said.trimEnd());
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      refusals.push(`[${node}] cannot be reached: ${error.message}`);
    }
  }
  throw new MissingError(`No snapshot was taken: none of the servers can.\n${refusals.join("\n")}`);
}

/** All snapshots that the site could be restored from, the oldest first. */
export async function listSnapshots({ plan, access }: DeployedCluster): Promise<readonly FoundSnapshot[]> {
  // An object store tells every server the same.
  const asked = plan.settings.snapshots.s3 === undefined ? serverNames(plan) : serverNames(plan).slice(0, 1);
  const found: FoundSnapshot[] = [];
  for (const node of asked) {
    const { stdout } = await mustRunScript(access, snapshotsStep(plan, node));
    found.push(...parseSnapshots(node, stdout));
  }
  return found.sort((a, b) => (a.madeAt < b.madeAt ? -1 : 1));
}

/** All servers must answer: a restore stops every one of them. So what is missing is said before anything is changed. */
export async function findSnapshot(cluster: DeployedCluster, wanted: string): Promise<FoundSnapshot> {
  const { plan, access } = cluster;
  const found = await listSnapshots(cluster);
  const chosen = chooseSnapshot(found, wanted, Object.keys(access.hosts));
  if (chosen !== undefined) return chosen;
  if (found.length === 0) throw new UserError(`There is no snapshot ${whereKept(plan)}. Nothing was changed.`);
  const names = [...new Set(found.map(({ name }) => name))].sort().slice(-20);
  throw new UserError(
    `There is no snapshot "${wanted}" ${whereKept(plan)}. Nothing was changed. There are:\n  ${names.join("\n  ")}`,
  );
}

/**
 * The server token that a snapshot was taken with. Where the stack does not keep it, or something else stands in the way of a restore,
 * nothing is begun.
 */
export async function tokenOf({ plan, access }: DeployedCluster, snapshot: FoundSnapshot): Promise<string> {
  const { stdout } = await mustRunScript(access, snapshotTokenStep(plan, snapshot));
  const obstacles = restoreObstacles(plan, stdout);
  if (obstacles.length > 0) {
    const lines = obstacles.map((one) => `  ${one}`).join("\n");
    throw new UserError(`${snapshot.name} cannot be restored on ${snapshot.on}. Nothing was changed.\n${lines}`);
  }
  const fingerprints = parseFingerprints(stdout);
  const kept = keptServerTokens(access);
  const token = chooseToken(kept, fingerprints);
  if (token !== undefined) return token;
  throw new UserError(
    `${snapshot.name} was taken with a server token that the stack does not keep. Nothing was changed.\n` +
      `It knows ${fingerprints.join(", ")}; kept are ${kept.map(tokenFingerprint).join(", ")} (fingerprints).\n` +
      "Choose a snapshot that is younger than the last rotation, or bring back the token: it is in an older state of the stack " +
      "(pulumi stack history; pulumi stack export --version N), as the server token of a generation below tokens.keepFrom.",
  );
}

export const serverNames = ({ order }: ClusterPlan): readonly string[] => order.servers.map(({ node }) => node.name);

export function whereKept({ settings }: ClusterPlan): string {
  const { s3 } = settings.snapshots;
  return s3 === undefined ? "on the servers' disks" : `in ${s3.bucket}/${s3.folder} at ${s3.endpoint}`;
}
