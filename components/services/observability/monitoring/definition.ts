import {
  below,
  defineService,
  entryClaims,
  entryRequires,
  type CapabilityName,
  type Footprint,
  type Generated,
} from "@isthmus/core";
import { federationExports } from "./federation.ts";
import {
  checkMonitoring,
  monitoringNames,
  monitoringSchema,
  type MonitoringArgs,
  type MonitoringContext,
} from "./schema.ts";
import { monitoringObjects } from "./objects.ts";
import { monitoringHostAccess, monitoringPermissions } from "./privileges.ts";
import { crdsRelease, stackRelease } from "./releases.ts";
import { monitoringWorkloads, webhookJob } from "./workloads.ts";

/** Measurements, alerts and dashboards of the site, and a summary of the others. */
export const monitoring = defineService<MonitoringArgs>({
  name: "monitoring",
  summary: "Prometheus measures the site, Alertmanager tells a person, Grafana shows it; sites watch one another.",
  schema: monitoringSchema,
  requires,
  provides: () => ["metrics"],
  check: checkMonitoring,
  offers: ({ namespace }) => ({
    // Every monitor of every namespace is seen, whatever its labels.
    metrics: { scrapeLabels: {}, namespace },
  }),
  footprint,
  privileges: (context) => ({ permissions: monitoringPermissions(context), hostAccess: monitoringHostAccess }),
  generates,
  charts: (context) => [crdsRelease(context), stackRelease(context)],
  objects: monitoringObjects,
  exports: federationExports,
  afterwards,
});

function requires({ grafana, federation }: MonitoringArgs): CapabilityName[] {
  return [
    "volumes",
    ...(grafana === undefined ? [] : [`ingress/${grafana.exposure}` as const]),
    ...(federation === undefined ? [] : ([...entryRequires(federation.reach), "certificates"] as const)),
  ];
}

function footprint(context: MonitoringContext): Footprint {
  const { instance, namespace, args, from } = context;
  const { grafana, federation } = args;
  const service = monitoringNames(instance).grafana;
  const claims =
    federation &&
    entryClaims(federation.reach, {
      name: monitoringNames(instance).federation,
      hostName: federation.hostName,
      from: below(from, "federation", "reach"),
    });
  return {
    workloads: monitoringWorkloads(context),
    routes:
      grafana === undefined
        ? []
        : [
            {
              name: service,
              host: grafana.hostName,
              exposure: grafana.exposure,
              namespace,
              hasLogin: true,
              backend: { service, port: 80, scheme: "http" },
              from: below(from, "grafana", "hostName"),
            },
          ],
    addresses: claims?.addresses ?? [],
    ports: claims?.ports,
    // The node exporter reads the host's processes and file systems.
    podSecurity: "privileged",
    hooks: ["create", "patch"].map((step) => ({
      name: `${instance}-admission-${step}`,
      controller: "Job",
      requests: webhookJob.requests,
    })),
  };
}

function generates({ instance, args }: MonitoringContext): Generated[] {
  const names = monitoringNames(instance);
  return [
    ...(args.grafana === undefined ? [] : [names.grafanaAdmin]),
    ...(args.federation === undefined ? [] : [names.federation]),
  ].map((name) => ({ name, kind: "password", length: 32 }));
}

function afterwards({ instance, namespace, args }: MonitoringContext): string[] {
  const { grafanaAdmin } = monitoringNames(instance);
  const password = `kubectl -n ${namespace} get secret ${grafanaAdmin} -o jsonpath='{.data.password}' | base64 -d`;
  return [
    ...(args.grafana === undefined
      ? []
      : [`Grafana: https://${args.grafana.hostName}, user admin, password: ${password}`]),
    ...(args.alerts === undefined ? ["alerts go nowhere: set alerts.discord to be told of them"] : []),
  ];
}
