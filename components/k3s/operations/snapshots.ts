import type { Parameters } from "@isthmus/remote/script";
import type { ClusterAccess } from "../plan/access.ts";
import { tokenFingerprint } from "../plan/fingerprint.ts";
import type { ClusterPlan } from "../plan/plan.ts";
import type { Step } from "./step.ts";
import { scripts } from "../scripts/scripts.ts";

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

/** Beside the data, for logs and what else is written meanwhile. */
const spareBytes = 256 * 2 ** 20;

/**
 * Why a snapshot cannot be restored as things are, each with the fix; from what `snapshot-token.sh` printed. Kubernetes does not read what
 * a newer minor version wrote (https://kubernetes.io/releases/version-skew-policy/); a newer patch of the same one it does.
 */
export function restoreObstacles({ settings }: ClusterPlan, printed: string): readonly string[] {
  const minorOf = (version: string): number => Number(/^v1\.(\d+)\./.exec(version)?.[1] ?? 0);
  const numbers = { numeric: true };
  const wroteIt = [...printed.matchAll(/^k3s (v1\.\S+)$/gm)].map(([, version = ""]) => version);
  const newest = wroteIt.sort((a, b) => a.localeCompare(b, "en", numbers)).at(-1);
  const number = (name: string): number | undefined => {
    const said = new RegExp(`^${name} (\\d+)$`, "m").exec(printed)?.[1];
    return said === undefined ? undefined : Number(said);
  };
  const [bytes, free] = [number("bytes"), number("free")];
  // k3s downloads it, writes the data anew, and keeps the data of before.
  const needed = (bytes ?? 0) * (settings.snapshots.s3 === undefined ? 1 : 2) + spareBytes;
  const inMiB = (size: number): string => `${Math.ceil(size / 2 ** 20)} MiB`;
  return [
    ...(newest !== undefined && minorOf(newest) > minorOf(settings.version)
      ? [
          `it holds nodes of ${newest}, and ${settings.version} is declared, which does not read what a newer minor version wrote: ` +
            `set kubernetes.version to ${newest}, or choose a snapshot from before that upgrade`,
        ]
      : []),
    ...(free !== undefined && free < needed
      ? [
          `it needs ${inMiB(needed)} below /var/lib/rancher there, and ${inMiB(free)} are free: make room there (journalctl --vacuum-size=100M; k3s crictl rmi --prune)`,
        ]
      : []),
  ];
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
