import { join } from "node:path";
import { asText, listAt, mapAt, textAt, type Json } from "../../cli/lib/charts/kubernetes.ts";

/** Where the operator lays down what ScrapeConfigs want of Secrets. */
const assets = "/etc/prometheus/certs";
/** Where targets stand that Kubernetes would tell of. */
const discovered = "/etc/prometheus/discovered";

/**
 * A ScrapeConfig as the operator hands it on to Prometheus, for the fields that ours use; another one is refused. What it would ask Kubernetes for
 * comes from a file. Times are shortened.
 * https://github.com/prometheus-operator/prometheus-operator/blob/main/pkg/prometheus/promcfg.go (generateScrapeConfig)
 */
export function scrapeJob({ metadata, spec }: Json, secretText: (reference: Json) => string): Json {
  const { jobName, kubernetesSDConfigs, relabelings, ...rest } = spec as Json;
  const { scheme, metricsPath, params, honorLabels, scrapeInterval, scrapeTimeout, ...further } = rest;
  const { basicAuth, tlsConfig, staticConfigs, ...unknown } = further;
  const left = Object.keys(unknown);
  if (left.length > 0) throw new Error(`a field of ScrapeConfig that is not handed on here: ${left.join(", ")}`);
  const secretFile = (reference: Json): string => join(assets, String(reference["name"]), String(reference["key"]));
  return {
    job_name: `scrapeConfig/${String((metadata as Json)["namespace"])}/${String((metadata as Json)["name"])}`,
    ...(scheme === undefined ? {} : { scheme: asText(scheme).toLowerCase() }),
    ...(metricsPath === undefined ? {} : { metrics_path: metricsPath }),
    ...(params === undefined ? {} : { params }),
    ...(honorLabels === undefined ? {} : { honor_labels: honorLabels }),
    ...(scrapeInterval === undefined ? {} : { scrape_interval: "1s" }),
    ...(scrapeTimeout === undefined ? {} : { scrape_timeout: "1s" }),
    ...(basicAuth === undefined
      ? {}
      : {
          basic_auth: {
            username: secretText(mapAt(basicAuth, "username")),
            password_file: secretFile(mapAt(basicAuth, "password")),
          },
        }),
    ...(tlsConfig === undefined ? {} : { tls_config: { ca_file: secretFile(mapAt(tlsConfig, "ca", "secret")) } }),
    ...(staticConfigs === undefined ? {} : { static_configs: staticConfigs }),
    ...(kubernetesSDConfigs === undefined ? {} : { file_sd_configs: [{ files: [`${discovered}/pods.json`] }] }),
    relabel_configs: [
      { source_labels: ["job"], target_label: "__tmp_prometheus_job_name" },
      { target_label: "job", action: "replace", replacement: jobName },
      ...listAt({ relabelings }, "relabelings").map(relabeling),
    ],
  };
}

/** Keys of relabelings are written otherwise. */
function relabeling(one: Json): Json {
  const words = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(one).map(([key, value]) => [words(key), value]));
}

/** The whole configuration, as the operator makes it of a Prometheus object, with the jobs that it is given. */
export function prometheusConfiguration(prometheus: Json, jobs: readonly Json[]): Json {
  return {
    global: {
      scrape_interval: "1s",
      scrape_timeout: "1s",
      evaluation_interval: "1s",
      external_labels: {
        prometheus: `${textAt(prometheus, "metadata", "namespace")}/${textAt(prometheus, "metadata", "name")}`,
        prometheus_replica: "prometheus-monitoring-prometheus-0",
        ...mapAt(prometheus, "spec", "externalLabels"),
      },
    },
    rule_files: ["/etc/prometheus/rules/*.yaml"],
    scrape_configs: jobs,
  };
}

/** Prometheus as the operator starts it of its object: https://github.com/prometheus-operator/prometheus-operator/blob/main/pkg/prometheus/server/statefulset.go */
export function prometheusPod({ securityContext, retention, retentionSize }: Json, names: readonly string[]): Json {
  const mount = (name: string, mountPath: string): Json => ({ name, mountPath, readOnly: name !== "data" });
  const secrets = ["configuration", "rules", "discovered", ...names.map((name) => `monitoring-fetch-${name}`)];
  return {
    securityContext,
    volumes: secrets.map((name) => ({ name, secret: { secretName: name } })),
    containers: [
      {
        name: "prometheus",
        command: [
          "prometheus",
          "--config.file=/etc/prometheus/configuration/prometheus.yaml",
          "--storage.tsdb.path=/prometheus",
          `--storage.tsdb.retention.time=${String(retention)}`,
          `--storage.tsdb.retention.size=${String(retentionSize)}`,
          "--web.enable-lifecycle",
        ],
        volumeMounts: [
          mount("configuration", "/etc/prometheus/configuration"),
          mount("rules", "/etc/prometheus/rules"),
          mount("discovered", discovered),
          ...names.map((name) => mount(`monitoring-fetch-${name}`, `${assets}/monitoring-fetch-${name}`)),
          mount("data", "/prometheus"),
        ],
      },
    ],
  };
}
