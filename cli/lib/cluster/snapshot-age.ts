import { oldestSnapshot, type ClusterPlan } from "@isthmus/k3s";
import { z } from "zod";

/**
 * k3s' record of a snapshot: `ToETCDSnapshotFile` in pkg/etcd/snapshot/types.go of k3s-io/k3s. One of an upload, done or failed, has
 * `s3`; one that failed has `error`.
 */
const record = z.object({
  spec: z.object({ snapshotName: z.string(), s3: z.unknown().optional() }),
  status: z
    .object({
      creationTime: z.string().nullish(),
      readyToUse: z.boolean().nullish(),
      error: z.object({ message: z.string().nullish(), time: z.string().nullish() }).nullish(),
    })
    .catch({}),
});
type SnapshotRecord = z.output<typeof record>;

/** What a server tells of its snapshots. Seconds by its own clock; null: not known, or none. */
export const serverSnapshots = z.object({
  now: z.number(),
  /** For how long k3s has run. */
  running: z.number().nullable(),
  /** When the newest on its disk was written. */
  local: z.number().nullable(),
  records: z.array(record.nullable()).nullable(),
});
export type ServerSnapshots = z.output<typeof serverSnapshots>;

/** How old a server's newest snapshots are, in seconds; null where it has none. */
export interface SnapshotAges {
  readonly disk: number | null;
  /** In the object store. Undefined: none is declared, or k3s' records cannot be read. */
  readonly store?: number | null;
}

/** In seconds. */
export const oldestAllowed = ({ settings }: ClusterPlan): number => oldestSnapshot(settings.snapshots.schedule) * 60;

export function snapshotAges(plan: ClusterPlan, node: string, told: ServerSnapshots): SnapshotAges {
  const disk = told.local === null ? null : told.now - told.local;
  if (plan.settings.snapshots.s3 === undefined || told.records === null) return { disk };
  const newest = newestOf(ofServer(node, told).filter((one) => isStored(one) && succeeded(one)));
  return { disk, store: newest === undefined ? null : told.now - timeOf(newest) };
}

/** What is wrong with the snapshots of a server, in words. */
export function snapshotDrift(plan: ClusterPlan, node: string, told: ServerSnapshots): readonly string[] {
  const { disk, store } = snapshotAges(plan, node, told);
  const allowed = oldestAllowed(plan);
  // One that was off, or is new, has its time.
  const isStale = (age: number | null): boolean => Math.min(age ?? Infinity, told.running ?? 0) > allowed;
  const by = `kubernetes.snapshots.schedule is "${plan.settings.snapshots.schedule}"`;
  const stale = (age: number | null, where: string): string =>
    age === null
      ? `has no snapshot ${where}, and ${by}`
      : `its newest snapshot ${where} is ${inWords(age)} old, and ${by}`;
  return [
    ...(isStale(disk)
      ? [`${stale(disk, "on its disk")}: see why in its journal (journalctl -u k3s | grep -i snapshot)`]
      : []),
    ...(store !== undefined && isStale(store)
      ? [
          `${stale(store, "in the object store")}: npm run snapshot -- ${plan.name} takes one, and says why where it cannot`,
        ]
      : []),
    ...lastFailures(plan, node, told),
  ];
}

/** Those that k3s has not made good since. It forgets them after a day. */
function lastFailures(plan: ClusterPlan, node: string, told: ServerSnapshots): readonly string[] {
  const own = ofServer(node, told);
  return [false, true].flatMap((stored) => {
    if (stored && plan.settings.snapshots.s3 === undefined) return [];
    const there = own.filter((one) => isStored(one) === stored);
    const failed = newestOf(there.filter((one) => !succeeded(one)));
    const good = newestOf(there.filter(succeeded));
    if (failed === undefined || (good !== undefined && timeOf(good) >= timeOf(failed))) return [];
    const why = (failed.status.error?.message ?? "k3s says no more").replaceAll(/[\s\p{Cc}]+/gu, " ").slice(0, 300);
    const what = stored ? "could not be brought to the object store" : "could not be taken";
    return [`snapshot ${failed.spec.snapshotName} ${what}, ${inWords(told.now - timeOf(failed))} ago: ${why}`];
  });
}

/** k3s calls a snapshot by its name, its server and the time: `snapshot` in pkg/etcd/snapshot.go of k3s-io/k3s. */
function ofServer(node: string, { records }: ServerSnapshots): readonly SnapshotRecord[] {
  return (records ?? []).filter((one): one is SnapshotRecord => {
    const name = /^(.+)-\d+(\.zip)?$/.exec(one?.spec.snapshotName ?? "")?.[1];
    return one !== null && name?.endsWith(`-${node}`) === true && !Number.isNaN(timeOf(one));
  });
}

const isStored = ({ spec }: SnapshotRecord): boolean => spec.s3 !== undefined && spec.s3 !== null;

const succeeded = ({ status }: SnapshotRecord): boolean => status.readyToUse === true && !status.error;

/** Seconds since 1970; not a number where it tells no time. */
const timeOf = ({ status: { creationTime, error } }: SnapshotRecord): number =>
  Math.floor(Date.parse(creationTime ?? error?.time ?? "") / 1000);

function newestOf(records: readonly SnapshotRecord[]): SnapshotRecord | undefined {
  return [...records].sort((a, b) => timeOf(b) - timeOf(a))[0];
}

/** A time in words, as whole as a person wants it. */
export function inWords(seconds: number): string {
  if (seconds < 3600) return `${String(Math.max(0, Math.floor(seconds / 60)))} min`;
  if (seconds < 48 * 3600) return `${String(Math.floor(seconds / 3600))} h`;
  return `${String(Math.floor(seconds / 86_400))} days`;
}
