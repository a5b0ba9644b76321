import { fromPeer, generated, opaqueSecret, secret, toSeconds, type Manifest, type ObjectPlan } from "@isthmus/core";
import { alertRules, fetched, summaryRules } from "./alert-rules.ts";
import { federationObjects } from "./federation.ts";
import { fetchJob, monitoringNames, type MonitoringContext } from "./schema.ts";

export function monitoringObjects(context: MonitoringContext): ObjectPlan[] {
  const { args, instance } = context;
  const names = monitoringNames(instance);
  const admin = { user: "admin", password: generated(names.grafanaAdmin, "password") };
  return [
    ...(args.grafana === undefined
      ? []
      : [opaqueSecret(context, { id: "grafana-admin", name: names.grafanaAdmin, data: admin })]),
    ...(args.alerts === undefined
      ? []
      : [opaqueSecret(context, { id: "discord", name: names.discord, data: { url: secret(args.alerts.discord) } })]),
    rules(context),
    annotatedPods(context),
    ...args.sites.flatMap((site) => [credentialsOf(context, site), fetchFrom(context, site)]),
    ...(args.federation === undefined ? [] : federationObjects(context, args.federation)),
  ];
}

/** An object that the operator reads: its CRDs come before. */
function operated(context: MonitoringContext, id: string, manifest: Omit<Manifest, "metadata">): ObjectPlan {
  const { instance, namespace, from } = context;
  return {
    id,
    from,
    after: [`release/${monitoringNames(instance).crds}`],
    manifest: { ...manifest, metadata: { name: id, namespace } } as Manifest,
  };
}

function rules(context: MonitoringContext): ObjectPlan {
  const { args, site } = context;
  const alerts = alertRules({
    sites: args.sites,
    etcd: args.etcdMetrics,
    snapshots: site.kubernetes.snapshots,
    retentionMinutes: toSeconds(args.retention) / 60,
  });
  return operated(context, "isthmus-rules", {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    spec: {
      groups: [
        { name: "isthmus-summary", rules: summaryRules },
        { name: "isthmus-alerts", rules: alerts },
      ],
    },
  });
}

/** Pods that say by annotation that they can be measured, so that their services need not know of Prometheus. */
function annotatedPods(context: MonitoringContext): ObjectPlan {
  const annotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
  return operated(context, "annotated-pods", {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "ScrapeConfig",
    spec: {
      jobName: "pods",
      kubernetesSDConfigs: [{ role: "Pod" }],
      relabelings: [
        { action: "keep", sourceLabels: [annotation("scrape")], regex: "true" },
        { action: "drop", sourceLabels: ["__meta_kubernetes_pod_phase"], regex: "Pending|Succeeded|Failed" },
        { sourceLabels: [annotation("path")], regex: "(.+)", targetLabel: "__metrics_path__" },
        {
          sourceLabels: ["__meta_kubernetes_pod_ip", annotation("port")],
          regex: "(.+);(\\d+)",
          replacement: "$1:$2",
          targetLabel: "__address__",
        },
        { sourceLabels: ["__meta_kubernetes_namespace"], targetLabel: "namespace" },
        { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod" },
      ],
    },
  });
}

function credentialsOf(context: MonitoringContext, site: string): ObjectPlan {
  return opaqueSecret(context, {
    id: `fetch-${site}-credentials`,
    name: monitoringNames(context.instance).fetch(site),
    data: {
      "ca.crt": fromPeer(site, "metrics.ca"),
      user: fromPeer(site, "metrics.user"),
      password: fromPeer(site, "metrics.password"),
    },
  });
}

function fetchFrom(context: MonitoringContext, site: string): ObjectPlan {
  const name = monitoringNames(context.instance).fetch(site);
  const plan = operated(context, `fetch-${site}`, {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "ScrapeConfig",
    spec: {
      jobName: fetchJob(site),
      scheme: "HTTPS",
      metricsPath: "/federate",
      params: { "match[]": fetched },
      // What the other site says of its own series holds.
      honorLabels: true,
      scrapeInterval: "60s",
      scrapeTimeout: "30s",
      basicAuth: { username: { name, key: "user" }, password: { name, key: "password" } },
      tlsConfig: { ca: { secret: { name, key: "ca.crt" } } },
      staticConfigs: [{ targets: [fromPeer(site, "metrics.endpoint")] }],
    },
  });
  return { ...plan, after: [...(plan.after ?? []), `object/fetch-${site}-credentials`] };
}
