import { toMebibytes, type ReleasePlan, type Values } from "@isthmus/core";
import { adminPassword } from "./grafana-password.ts";
import { monitoringNames, type MonitoringContext } from "./schema.ts";
import { configReloader, grafanaSidecar, stackPlaces, webhookJob } from "./workloads.ts";
import { charts } from "../pins.ts";

/** Helm never upgrades CRDs of a chart's own, so they are a release of their own, before. */
export function crdsRelease({ instance, namespace }: MonitoringContext): ReleasePlan {
  const name = monitoringNames(instance).crds;
  return { name, namespace, chart: charts.prometheusOperatorCrds, timeout: "3m", values: {}, pods: {} };
}

export function stackRelease(context: MonitoringContext): ReleasePlan {
  const { instance, namespace, args } = context;
  const names = monitoringNames(instance);
  const secrets = [
    ...(args.grafana === undefined ? [] : ["object/grafana-admin"]),
    ...(args.alerts === undefined ? [] : ["object/discord"]),
  ];
  return {
    name: instance,
    namespace,
    chart: charts.kubePrometheusStack,
    timeout: "15m",
    after: [`release/${names.crds}`, ...secrets],
    values: {
      fullnameOverride: instance,
      crds: { enabled: false },
      prometheus: { prometheusSpec: prometheusSpec(context) },
      alertmanager: { config: alertRouting(context), alertmanagerSpec: alertmanagerSpec(context) },
      grafana: grafana(context),
      prometheusOperator: {
        prometheusConfigReloader: { resources: configReloader },
        admissionWebhooks: { patch: { resources: webhookJob } },
      },
      // It would read every Secret of the cluster to count them.
      "kube-state-metrics": { fullnameOverride: `${instance}-kube-state-metrics`, collectorsExclude: ["secrets"] },
      "prometheus-node-exporter": { fullnameOverride: `${instance}-node-exporter` },
      ...k3sComponents(context),
    },
    pods: stackPlaces(context),
  };
}

function prometheusSpec({ args, site }: MonitoringContext): Values {
  const everything = Object.fromEntries(
    ["rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"].map((kind) => [
      `${kind}SelectorNilUsesHelmValues`,
      false,
    ]),
  );
  return {
    ...everything,
    retention: args.retention,
    // The volume never fills up: the oldest measurements go first.
    retentionSize: `${Math.floor(toMebibytes(args.size) * 0.85)}MiB`,
    externalLabels: { site: site.name },
    enableAdminAPI: false,
    // The footprint says how servers keep apart.
    podAntiAffinity: "",
    storageSpec: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } },
  };
}

function alertmanagerSpec({ instance, args }: MonitoringContext): Values {
  return {
    podAntiAffinity: "",
    storage: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } },
    secrets: args.alerts === undefined ? [] : [monitoringNames(instance).discord],
  };
}

function alertRouting({ instance, args }: MonitoringContext): Values {
  const discord = {
    name: "discord",
    discord_configs: [
      {
        webhook_url_file: `/etc/alertmanager/secrets/${monitoringNames(instance).discord}/url`,
        send_resolved: true,
      },
    ],
  };
  return {
    route: {
      group_by: ["alertname", "site"],
      receiver: args.alerts === undefined ? "null" : "discord",
      // Watchdog always fires: it proves that alerts work, and is no news.
      routes: [{ receiver: "null", matchers: ['alertname =~ "Watchdog|InfoInhibitor"'] }],
    },
    receivers: [{ name: "null" }, ...(args.alerts === undefined ? [] : [discord])],
  };
}

function grafana(context: MonitoringContext): Values {
  const { namespace, args } = context;
  if (args.grafana === undefined) return { enabled: false };
  return {
    enabled: true,
    ...adminPassword(context),
    persistence: { enabled: true, type: "pvc", accessModes: ["ReadWriteOnce"] },
    // A volume is on one node at a time: the old pod goes before the new one comes.
    deploymentStrategy: { type: "Recreate" },
    // The volume's group is set by fsGroup; this would need root.
    initChownData: { enabled: false },
    testFramework: { enabled: false },
    // The chart's role has Secrets beside ConfigMaps: a person's way in shall not lead to those of the whole cluster.
    rbac: { namespaced: true },
    sidecar: { resources: grafanaSidecar, dashboards: { searchNamespace: namespace } },
    "grafana.ini": {
      server: { domain: args.grafana.hostName, root_url: `https://${args.grafana.hostName}/` },
      analytics: { check_for_updates: false, reporting_enabled: false },
      users: { allow_sign_up: false },
      "auth.anonymous": { enabled: false },
      security: { cookie_secure: true, cookie_samesite: "strict", disable_gravatar: true },
    },
  };
}

/** k3s runs them in one process that listens on localhost, and has no kube-proxy; etcd may be opened. */
function k3sComponents({ args, site }: MonitoringContext): Values {
  const servers = site.topology.nodes.filter(({ role }) => role === "server").map(({ address }) => address);
  const off = { enabled: false };
  return {
    kubeControllerManager: off,
    kubeScheduler: off,
    kubeProxy: off,
    kubeEtcd: args.etcdMetrics ? { enabled: true, endpoints: servers } : off,
  };
}
