import { closest } from "fastest-levenshtein";
import { z } from "zod";
import {
  below,
  entryShape,
  movedToReach,
  quote,
  shapes,
  withMovedKeys,
  type Finding,
  type ServiceContext,
  unknownPeerRule,
} from "@isthmus/core";

const federation = z.strictObject({
  reach: entryShape.describe(
    "Where other sites fetch: { network: overlay, port: 30030 }, or { pool: private, address: 10.0.20.213 } (port 9443).",
  ),
  hostName: shapes.hostName.describe("Its name, such as metrics.site-a.home.arpa."),
});

export const monitoringSchema = z.strictObject({
  retention: shapes.days
    .default("15d")
    .describe("How long measurements are kept, in days. Default: 15d; less where the volume is full before."),
  size: shapes.bytes
    .default("20Gi")
    .describe("Size of the volume of measurements. Default: 20Gi. It can grow, not shrink."),
  memory: shapes.bytes
    .default("1Gi")
    .describe("Memory of Prometheus that is set aside; twice as much is its limit. Default: 1Gi."),
  replicas: z
    .int()
    .min(1)
    .max(2)
    .default(1)
    .describe(
      "Prometheus servers, each measuring everything. Default: 1; with 2 there is no gap while a node is away.",
    ),
  etcdMetrics: z
    .boolean()
    .default(false)
    .describe(
      "Whether etcd is measured, at port 2381 of the servers. Only where k3s runs with etcd-expose-metrics. Default: false.",
    ),
  grafana: z
    .strictObject({
      hostName: shapes.hostName.describe("Grafana's name, such as grafana.site-a.home.arpa."),
      exposure: z
        .enum(["private", "public"])
        .default("private")
        .describe("Which ingress serves it. Default: private. Grafana asks for a login either way."),
      size: shapes.bytes
        .default("2Gi")
        .describe("Size of the volume of users, dashboards and preferences. Default: 2Gi."),
    })
    .optional()
    .describe("Grafana, with the cluster's dashboards. Default: none."),
  alerts: z
    .strictObject({
      discord: shapes.secretName.describe("Name of the secret of this stack that holds the URL of a Discord webhook."),
    })
    .optional()
    .describe("Where alerts go. Default: nowhere; they stand in Prometheus and Grafana only."),
  federation: withMovedKeys(federation, movedToReach)
    .optional()
    .describe("Lets other sites fetch this site's summary and alerts, with TLS and a password. Default: nobody can."),
  sites: z
    .array(shapes.name)
    .default([])
    .describe(
      "Other sites whose summary and alerts are fetched; each needs federation. Alerts when one cannot be reached. Default: none.",
    ),
});

export type MonitoringArgs = z.infer<typeof monitoringSchema>;
export type MonitoringContext = ServiceContext<MonitoringArgs>;

/** Fetching from a site that there is not would wait for ever. */
export function checkMonitoring({ args, site, from }: MonitoringContext): Finding[] {
  const peers = site.peers.map(({ name }) => name);
  return args.sites.flatMap((name, index) => {
    if (peers.includes(name)) return [];
    const at = below(from, "sites", index);
    const problem = `there is no other site ${quote(name)}`;
    const fix = peers.length === 0 ? "leave it out" : `did you mean ${closest(name, peers)}?`;
    return [{ rule: unknownPeerRule.id, at, problem, fix }];
  });
}

/** Names that the charts derive, and those of Secrets. */
export function monitoringNames(instance: string) {
  return {
    crds: `${instance}-crds`,
    prometheus: `${instance}-prometheus`,
    alertmanager: `${instance}-alertmanager`,
    grafana: instance.includes("grafana") ? instance : `${instance}-grafana`,
    grafanaAdmin: `${instance}-grafana-admin`,
    discord: `${instance}-discord`,
    federation: `${instance}-federation`,
    federationTls: `${instance}-federation-tls`,
    fetch: (site: string) => `${instance}-fetch-${site}`,
  } as const;
}

/** The job of what is fetched from a site: `up` of it says whether the site can be reached. */
export const fetchJob = (site: string): string => `site-${site}`;
