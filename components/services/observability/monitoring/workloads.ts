import {
  below as keyBelow,
  entryRequires,
  together,
  without,
  type NodeFacts,
  type PodPlaces,
  type Store,
  type Taint,
  type Workload,
} from "@isthmus/core";
import { monitoringNames, type MonitoringContext } from "./schema.ts";

/** The operator gives it to Prometheus and Alertmanager, which read changed settings when it tells them. */
export const configReloader = { requests: { memory: "32Mi", cpu: "10m" }, limits: { memory: "64Mi" } } as const;
/** Makes the certificate of the operator's webhook, then writes its authority into the webhook's configuration. */
export const webhookJob = { requests: { memory: "32Mi", cpu: "10m" }, limits: { memory: "64Mi" } } as const;
/** Grafana has two: for dashboards and for data sources. */
export const grafanaSidecar = { requests: { memory: "80Mi", cpu: "10m" }, limits: { memory: "192Mi" } } as const;

const common = {
  architectures: ["amd64", "arm64"],
  uses: [],
  reads: { kind: "nothing" },
  writes: { kind: "any" },
  restarts: { by: "itself", within: "3m" },
  runsOn: { required: [], preferred: [], tolerations: [], spread: [] },
  reaches: [],
} as const satisfies Partial<Workload>;

export function monitoringWorkloads(context: MonitoringContext): Workload[] {
  const { args } = context;
  return [
    prometheus(context),
    alertmanager(context),
    ...(args.grafana === undefined ? [] : [grafana(context, args.grafana.size)]),
    operator(context),
    kubeStateMetrics(context),
    nodeExporter(context),
    ...(args.federation === undefined ? [] : [federation(context)]),
  ];
}

const withVolume = {
  uses: [{ capability: "volumes", to: ["start", "read", "write"] }],
} as const satisfies Partial<Workload>;

function prometheus(context: MonitoringContext): Workload {
  const { instance, args, site, from } = context;
  const limit = `${Number(args.memory.slice(0, -2)) * 2}${args.memory.slice(-2) as "Mi" | "Gi" | "Ti"}` as const;
  return {
    ...common,
    ...withVolume,
    name: "prometheus",
    controller: "operator",
    members: { perSite: { [site.name]: args.replicas } },
    selector: {
      "app.kubernetes.io/name": "prometheus",
      "operator.prometheus.io/name": monitoringNames(instance).prometheus,
    },
    requests: together({ memory: args.memory, cpu: "200m" }, configReloader.requests),
    sizedBy: [keyBelow(from, "memory"), keyBelow(from, "replicas")],
    limits: { memory: together({ memory: limit, cpu: "0" }, { ...configReloader.limits, cpu: "0" }).memory },
    reads: { kind: "any" },
    restarts: { by: "itself", within: "5m" },
    runsOn: {
      ...common.runsOn,
      spread: [
        { over: "node", required: true },
        { over: "host", required: false },
      ],
    },
    stores: {
      ...volumeOf(context, false),
      what: "measurements",
      size: args.size,
      sizedBy: [keyBelow(from, "size")],
      backup: {
        none: `measurements are forgotten after ${args.retention} anyway; rules and dashboards are in the stack files`,
      },
    },
  };
}

function alertmanager(context: MonitoringContext): Workload {
  const { instance, site } = context;
  return {
    ...common,
    ...withVolume,
    name: "alertmanager",
    controller: "operator",
    members: { perSite: { [site.name]: 1 } },
    selector: { "app.kubernetes.io/name": "alertmanager", alertmanager: monitoringNames(instance).alertmanager },
    requests: together({ memory: "64Mi", cpu: "20m" }, configReloader.requests),
    limits: { memory: "192Mi" },
    reads: { kind: "any" },
    stores: {
      ...volumeOf(context, false),
      what: "silences, and which alerts were sent",
      size: "1Gi",
      backup: { none: "without them alerts are sent once more" },
    },
  };
}

function grafana(context: MonitoringContext, size: Store["size"]): Workload {
  const { instance, needs, site, from } = context;
  return {
    ...common,
    ...withVolume,
    name: "grafana",
    controller: "Deployment",
    members: { perSite: { [site.name]: 1 } },
    selector: { "app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": instance },
    requests: together({ memory: "160Mi", cpu: "50m" }, grafanaSidecar.requests, grafanaSidecar.requests),
    limits: { memory: "896Mi" },
    reads: { kind: "any" },
    stores: {
      ...volumeOf(context, true),
      what: "users, dashboards made by hand and preferences",
      size,
      sizedBy: [keyBelow(from, "grafana", "size")],
      backup: needs.get("volumes").backup ?? {
        none: 'nothing backs up the volumes of this site; keep dashboards as ConfigMaps of its namespace, with the label grafana_dashboard: "1"',
      },
    },
  };
}

function volumeOf(
  { needs }: MonitoringContext,
  backedUp: boolean,
): Pick<Store, "storageClass" | "moves" | "freedFromDeadNode"> {
  const { storageClass, withoutBackup, moves, freedFromDeadNode } = needs.get("volumes");
  return { storageClass: backedUp ? storageClass : (withoutBackup ?? storageClass), moves, freedFromDeadNode };
}

function operator({ instance, site }: MonitoringContext): Workload {
  return {
    ...common,
    name: "operator",
    controller: "Deployment",
    members: { perSite: { [site.name]: 1 } },
    selector: { app: "kube-prometheus-stack-operator", release: instance },
    requests: { memory: "96Mi", cpu: "20m" },
    limits: { memory: "256Mi" },
    // What it has set up goes on without it.
    writes: { kind: "nothing" },
  };
}

function kubeStateMetrics({ instance, site }: MonitoringContext): Workload {
  return {
    ...common,
    name: "kube-state-metrics",
    controller: "Deployment",
    members: { perSite: { [site.name]: 1 } },
    selector: { "app.kubernetes.io/name": "kube-state-metrics", "app.kubernetes.io/instance": instance },
    requests: { memory: "64Mi", cpu: "20m" },
    limits: { memory: "256Mi" },
    writes: { kind: "nothing" },
  };
}

function nodeExporter({ instance, site }: MonitoringContext): Workload {
  return {
    ...common,
    name: "node-exporter",
    controller: "DaemonSet",
    members: { perNode: true },
    selector: { "app.kubernetes.io/name": "prometheus-node-exporter", "app.kubernetes.io/instance": instance },
    requests: { memory: "32Mi", cpu: "20m" },
    limits: { memory: "96Mi" },
    writes: { kind: "nothing" },
    // Every node is measured, whatever keeps other pods away.
    runsOn: { ...common.runsOn, tolerations: taintsOf(site.topology.nodes) },
  };
}

function federation({ instance, args, site }: MonitoringContext): Workload {
  return {
    ...common,
    name: "federation",
    controller: "Deployment",
    members: { perSite: { [site.name]: 1 } },
    selector: { "app.kubernetes.io/name": "federation", "app.kubernetes.io/instance": instance },
    requests: { memory: "32Mi", cpu: "10m" },
    limits: { memory: "96Mi" },
    uses: [
      { capability: "certificates", to: ["start"] },
      ...(args.federation === undefined ? [] : entryRequires(args.federation.reach)).map(
        (capability) => ({ capability, to: ["read"] }) as const,
      ),
    ],
    reads: { kind: "any" },
    writes: { kind: "nothing" },
    reaches: [{ to: `${instance}/prometheus`, port: 9090, protocol: "TCP", tls: false, address: "shared" }],
  };
}

/** Taints that keep pods off nodes of the site, each once. */
function taintsOf(nodes: readonly NodeFacts[]): Taint[] {
  const taints = nodes.flatMap((node) => node.taints).filter((taint) => taint.effect !== "PreferNoSchedule");
  return [...new Map(taints.map((taint) => [JSON.stringify([taint.key, taint.value, taint.effect]), taint])).values()];
}

/** Where aspects stand in kube-prometheus-stack's values. */
export function stackPlaces({ args }: MonitoringContext): Readonly<Record<string, PodPlaces>> {
  return {
    prometheus: operated("prometheus.prometheusSpec", "storageSpec"),
    alertmanager: operated("alertmanager.alertmanagerSpec", "storage"),
    ...(args.grafana === undefined ? {} : { grafana: grafanaPlaces }),
    operator: {
      ...below("prometheusOperator"),
      replicas: { byChart: "the chart runs exactly one: a second would only wait" },
    },
    "kube-state-metrics": { ...below("kube-state-metrics"), replicas: "kube-state-metrics.replicas" },
    "node-exporter": below("prometheus-node-exporter"),
  };
}

const below = (path: string): PodPlaces => ({
  requests: `${path}.resources.requests`,
  limits: `${path}.resources.limits`,
  affinity: `${path}.affinity`,
  tolerations: `${path}.tolerations`,
});

function operated(path: string, storage: string): PodPlaces {
  const claim = `${path}.${storage}.volumeClaimTemplate.spec`;
  return {
    ...below(path),
    replicas: `${path}.replicas`,
    requests: { at: `${path}.resources.requests`, as: without(configReloader.requests) },
    limits: { at: `${path}.resources.limits`, as: without(configReloader.limits) },
    storageSize: `${claim}.resources.requests.storage`,
    storageClass: `${claim}.storageClassName`,
  };
}

const grafanaPlaces: PodPlaces = {
  ...below("grafana"),
  replicas: "grafana.replicas",
  requests: { at: "grafana.resources.requests", as: without(grafanaSidecar.requests, grafanaSidecar.requests) },
  limits: { at: "grafana.resources.limits", as: without(grafanaSidecar.limits, grafanaSidecar.limits) },
  storageSize: "grafana.persistence.size",
  storageClass: "grafana.persistence.storageClassName",
};
