import type { Parameters } from "@isthmus/remote/script";
import type { ClusterAccess } from "./access.ts";
import { tokenFingerprint } from "./fingerprint.ts";
import type { ClusterPlan } from "./plan.ts";
import type { Step } from "./restore.ts";
import { scripts } from "./scripts.ts";

const storeSecrets = ["S3_ACCESS_KEY", "S3_SECRET_KEY"];

/** Where snapshots are kept, as scripts are told; empty for the servers' disks. */
export function storeParameters({ settings }: ClusterPlan): Parameters {
  const { s3 } = settings.snapshots;
  return {
    S3_BUCKET: s3?.bucket ?? "",
    S3_CA: s3?.ca ?? "",
    S3_ENDPOINT: s3?.endpoint ?? "",
    S3_FOLDER: s3?.folder ?? "",
    S3_REGION: s3?.region ?? "",
  };
}

/** Takes a snapshot of this name. */
export function snapshotStep(cluster: ClusterPlan, node: string, name: string): Step {
  const parameters = { SNAPSHOT: name, ...storeParameters(cluster) };
  return { node, script: scripts.snapshot, parameters, secretNames: storeSecrets };
}

/** Asks a server which snapshots it could be restored from. */
export function snapshotsStep(cluster: ClusterPlan, node: string): Step {
  return { node, script: scripts.snapshots, parameters: storeParameters(cluster), secretNames: storeSecrets };
}

/** Asks the server that has a snapshot which server tokens it knows. */
export function snapshotTokenStep(cluster: ClusterPlan, { name, on }: FoundSnapshot): Step {
  const parameters = { SNAPSHOT: name, ...storeParameters(cluster) };
  return { node: on, script: scripts.snapshotToken, parameters, secretNames: storeSecrets };
}

/** Fingerprints that `snapshot-token.sh` printed. */
export function parseFingerprints(printed: string): readonly string[] {
  return printed.split("\n").filter((line) => /^[0-9a-f]{12}$/.test(line));
}

/** The server tokens that the stack keeps, the newest first. */
export function keptServerTokens({ secrets }: ClusterAccess): readonly string[] {
  const { SERVER_TOKEN = "", OLDER_TOKENS = "" } = secrets;
  return [SERVER_TOKEN, ...OLDER_TOKENS.split("\n")].filter((token) => token !== "");
}

/**
 * The token that opens a snapshot: of those that it knows the newest, for tokens are only rotated forwards. Where it tells
 * of none (it is compressed), that of today. Undefined: it knows tokens, and none of them is kept.
 * @param kept the newest first.
 */
export function chooseToken(kept: readonly string[], fingerprints: readonly string[]): string | undefined {
  if (fingerprints.length === 0) return kept[0];
  return kept.find((token) => fingerprints.includes(tokenFingerprint(token)));
}

export interface FoundSnapshot {
  readonly name: string;
  /** When it was made, UTC; sorts by time. */
  readonly madeAt: string;
  /** The server that told of it. */
  readonly on: string;
}

/**
 * What `snapshots.sh` printed on a server. Names come from an object store or a folder, where others may write, and become an
 * argument of k3s and part of a URL: one that no snapshot of k3s has is none.
 */
export function parseSnapshots(on: string, printed: string): readonly FoundSnapshot[] {
  return printed.split("\n").flatMap((line) => {
    const [, madeAt, name] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z?) ([A-Za-z0-9][-A-Za-z0-9_.]*)$/.exec(line.trim()) ?? [];
    return madeAt === undefined || name === undefined ? [] : [{ name, madeAt, on }];
  });
}

/**
 * The snapshot that is meant: by its name, by what it was called before k3s added one of these nodes and the time, or the
 * newest. Undefined where there is none.
 */
export function chooseSnapshot(
  found: readonly FoundSnapshot[],
  wanted: string,
  nodes: readonly string[],
): FoundSnapshot | undefined {
  const newestFirst = [...found].sort((a, b) => (a.madeAt < b.madeAt ? 1 : a.madeAt > b.madeAt ? -1 : 0));
  if (wanted === "latest") return newestFirst[0];
  const begins = nodes.map((node) => `${wanted}-${node}-`);
  const isCalledSo = (name: string): boolean =>
    begins.some((begin) => name.startsWith(begin) && /^\d+(\.zip)?$/.test(name.slice(begin.length)));
  return newestFirst.find(({ name }) => name === wanted) ?? newestFirst.find(({ name }) => isCalledSo(name));
}
