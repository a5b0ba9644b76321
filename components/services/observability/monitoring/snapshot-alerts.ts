import type { SnapshotFacts } from "@isthmus/core";
import type { Alert } from "./alert.ts";

/**
 * k3s counts its snapshots at the metrics of the API server, which are scraped by default: every part of k3s is one process with
 * one registry (https://github.com/k3s-io/k3s/pull/11793, since the releases of March 2025; pkg/etcd/snapshotmetrics).
 * The kubelet of a server shows them a second time.
 */
const ofServers = 'job="apiserver",site=""';
const counted = (what: "local" | "s3", status: "success" | "error"): string =>
  `k3s_etcd_snapshot_save_${what}_duration_seconds_count{${ofServers},status="${status}"}`;

/** How many within a time, a first one too: a series begins with it at 1, which is no increase. A k3s that was started meanwhile begins anew. */
const within = (series: string, minutes: number): string =>
  `(${series} - (${series} offset ${String(minutes)}m or ${series} * 0) > 0)`;

/** A k3s that tells of snapshots at all, for longer than so many minutes: the one that was just started has its time. */
const runsLonger = (minutes: number): string =>
  `(time() - process_start_time_seconds{${ofServers}} > ${String(minutes * 60)} and on (instance) k3s_etcd_snapshot_reconcile_local_duration_seconds_count{${ofServers}})`;

/** None of them for a schedule whose pauses measurements do not last for. */
export function snapshotAlerts(snapshots: SnapshotFacts, retentionMinutes: number): readonly Alert[] {
  const { pauseMinutes, oldestMinutes, stored } = snapshots;
  if (oldestMinutes >= retentionMinutes) return [];
  const stopped = (what: "local" | "s3", where: string): Alert => ({
    alert: what === "local" ? "EtcdSnapshotsStopped" : "EtcdSnapshotsNotStored",
    expr: `${runsLonger(oldestMinutes)} unless on (instance) ${within(counted(what, "success"), oldestMinutes)}`,
    for: "15m",
    labels: { severity: "critical" },
    annotations: {
      summary: `{{ $labels.instance }} has ${where} no snapshot of etcd for ${inWords(oldestMinutes)}`,
      description: `kubernetes.snapshots.schedule lets ${inWords(pauseMinutes)} pass between two at most. What is wrong: npm run status.`,
    },
  });
  // One hour more than a pause: until the next one is there, the last one counts.
  const recently = pauseMinutes + 60;
  const failed: Alert = {
    alert: "EtcdSnapshotUploadFailed",
    expr: `${within(counted("s3", "error"), recently)} unless on (instance) ${within(counted("s3", "success"), recently)}`,
    for: "0m",
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $labels.instance }} could not bring its last snapshot of etcd to the object store",
      description: "npm run status tells what k3s recorded of it, npm run snapshot tries it again.",
    },
  };
  return [stopped("local", "taken"), ...(stored ? [stopped("s3", "brought to the object store"), failed] : [])];
}

const inWords = (minutes: number): string =>
  minutes < 48 * 60 ? `${String(Math.round(minutes / 60))} hours` : `${String(Math.round(minutes / 1440))} days`;
