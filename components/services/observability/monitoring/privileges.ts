import type { StatedHostAccess, StatedPermissions } from "@isthmus/core";
import type { MonitoringContext } from "./schema.ts";

/** Who of the stack may do what. */
export function monitoringPermissions({ instance, namespace, args }: MonitoringContext): readonly StatedPermissions[] {
  const operator = `${instance}-operator`;
  const webhookJob = `${instance}-admission`;
  return [
    {
      subject: operator,
      in: "cluster",
      may: ["write workloads"],
      why: "it runs Prometheus and Alertmanager as StatefulSets, in whichever namespace a person asks for them",
    },
    {
      subject: operator,
      in: "cluster",
      may: ["read Secrets", "write Secrets"],
      why: "monitors of any namespace name Secrets with passwords, and the configuration with them is a Secret itself",
    },
    {
      subject: operator,
      in: "cluster",
      may: ["* verbs"],
      why: "the chart grants every verb on its own kinds, and on StatefulSets, ConfigMaps and Secrets",
    },
    {
      subject: webhookJob,
      in: "cluster",
      may: ["write admission"],
      why: "its Job writes the authority of the webhook's certificate into the webhook's configuration",
    },
    {
      subject: webhookJob,
      in: namespace,
      may: ["read Secrets", "write Secrets"],
      why: "its Job makes the webhook's certificate",
    },
    ...(args.grafana === undefined
      ? []
      : [
          {
            subject: `${instance}-grafana`,
            in: namespace,
            may: ["read Secrets" as const],
            why: "its sidecars look for dashboards and data sources in ConfigMaps; the chart's role has Secrets beside them",
          },
        ]),
  ];
}

export const monitoringHostAccess: readonly StatedHostAccess[] = [
  {
    pods: "node-exporter",
    has: ["hostNetwork", "hostPort 9100"],
    why: "it measures the host's network interfaces, and Prometheus reaches it at the node's address",
  },
  {
    pods: "node-exporter",
    has: ["hostPID", "hostPath / read-only", "hostPath /proc read-only", "hostPath /sys read-only"],
    why: "it reads the host's processes, kernel and file systems",
  },
];
