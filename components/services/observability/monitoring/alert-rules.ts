import type { SnapshotFacts } from "@isthmus/core";
import { fetchJob } from "./schema.ts";
import type { Alert } from "./alert.ts";
import { snapshotAlerts } from "./snapshot-alerts.ts";

interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** What other sites fetch: a few numbers that say how the site is. */
export const summaryRules: readonly Recording[] = [
  { record: "site:nodes:count", expr: 'count(kube_node_info{site=""})' },
  {
    record: "site:nodes_ready:count",
    expr: 'sum(kube_node_status_condition{condition="Ready",status="true",site=""})',
  },
  { record: "site:targets_up:ratio", expr: 'avg(up{site=""})' },
];

/** Series that are fetched from another site: its own, not those that it fetched in its turn. */
export const fetched = ['{__name__=~"site:.+",site=""}', 'ALERTS{alertstate="firing",site=""}'] as const;

/** Measurements of this site have no label `site`; those that were fetched have. */
export function alertRules({ sites, etcd, snapshots, retentionMinutes }: AlertedOn): readonly Alert[] {
  return [
    ...sites.map(siteConnectivityLost),
    ...nodeAlerts,
    ...(etcd ? etcdAlerts : []),
    ...snapshotAlerts(snapshots, retentionMinutes),
    ...platformAlerts,
  ];
}

/** What a site's alerts depend on. */
export interface AlertedOn {
  /** Other sites, whose summary is fetched. */
  readonly sites: readonly string[];
  /** Whether etcd is measured. */
  readonly etcd: boolean;
  readonly snapshots: SnapshotFacts;
  /** For how long measurements are kept. */
  readonly retentionMinutes: number;
}

function siteConnectivityLost(site: string): Alert {
  return {
    alert: "SiteConnectivityLost",
    expr: `up{job="${fetchJob(site)}"} == 0`,
    for: "5m",
    labels: { severity: "critical" },
    annotations: {
      summary: `${site} cannot be reached`,
      description: `Nothing could be fetched from ${site} for 5 minutes: the link, the site or its monitoring is away. Backups to it wait.`,
    },
  };
}

const nodeAlerts: readonly Alert[] = [
  {
    alert: "NodeDown",
    expr: 'up{job="node-exporter",site=""} == 0',
    for: "2m",
    labels: { severity: "critical" },
    annotations: {
      summary: "{{ $labels.instance }} is down",
      description: "The node has not answered for 2 minutes.",
    },
  },
  {
    alert: "NodeMemoryLow",
    expr: 'node_memory_MemAvailable_bytes{site=""} / node_memory_MemTotal_bytes{site=""} < 0.20',
    for: "5m",
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory left",
      description: "Less than 20 % has been available for 5 minutes.",
    },
  },
  {
    alert: "NodeDiskLow",
    expr: 'node_filesystem_avail_bytes{site="",fstype!~"tmpfs|ramfs|overlay|squashfs"} / node_filesystem_size_bytes{site="",fstype!~"tmpfs|ramfs|overlay|squashfs"} < 0.15',
    for: "5m",
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left",
      description:
        "Less than 15 % has been free for 5 minutes. Longhorn places no copies on a disk that is nearly full.",
    },
  },
];

const etcdAlerts: readonly Alert[] = [
  {
    alert: "EtcdWithoutLeader",
    expr: 'etcd_server_has_leader{site=""} == 0',
    for: "1m",
    labels: { severity: "critical" },
    annotations: {
      summary: "etcd on {{ $labels.instance }} has no leader",
      description: "The cluster changes nothing until a majority of its servers is back; pods that run go on.",
    },
  },
];

const platformAlerts: readonly Alert[] = [
  {
    alert: "CertificateExpiresSoon",
    expr: 'certmanager_certificate_expiration_timestamp_seconds{site=""} - time() < 14 * 86400',
    for: "1h",
    labels: { severity: "warning" },
    annotations: {
      summary: "The certificate {{ $labels.namespace }}/{{ $labels.name }} expires within 14 days",
      description:
        "It should have been renewed 30 days before. Look at its Certificate and CertificateRequest objects.",
    },
  },
  {
    alert: "VaultNotUpdated",
    expr: 'kube_statefulset_status_replicas_updated{statefulset=~".*vault.*",site=""} < kube_statefulset_replicas{statefulset=~".*vault.*",site=""}',
    for: "15m",
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $value }} servers of {{ $labels.statefulset }} have the version and settings that are declared",
      description:
        "The others run on with the old ones until a person deletes their pods, one by one, the leader last, each unsealed before the next.",
    },
  },
  {
    alert: "VaultSealed",
    expr: 'kube_pod_container_status_ready{container="vault",site=""} == 0 and kube_pod_container_status_running{container="vault",site=""} == 1',
    for: "5m",
    labels: { severity: "critical" },
    annotations: {
      summary: "{{ $labels.pod }} runs and is sealed",
      description:
        "A person unseals it: kubectl -n {{ $labels.namespace }} exec -it {{ $labels.pod }} -- vault operator unseal",
    },
  },
];
