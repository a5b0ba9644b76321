import { generated, type Values } from "@isthmus/core";
import { monitoringNames, type MonitoringContext } from "./schema.ts";

/** Grafana takes the password of its settings when it makes its database, and never again: ensureMainOrgAndAdminUser in
 * https://github.com/grafana/grafana/blob/main/pkg/services/sqlstore/sqlstore.go. Before each later start its own command sets it:
 * https://grafana.com/docs/grafana/latest/administration/cli/#reset-admin-password. No other process has the database open by then.
 */
const script = [
  'if [ ! -s "${GF_PATHS_DATA}/grafana.db" ]; then exit 0; fi',
  "printf '%s\\n' \"${GF_SECURITY_ADMIN_PASSWORD}\" | grafana cli --homepath /usr/share/grafana --config /etc/grafana/grafana.ini admin reset-admin-password --password-from-stdin",
].join("\n");

/** Its memory is that of Grafana itself, which has not started yet: the pod asks for no more. */
const resources = {
  requests: { memory: "160Mi", cpu: "50m" },
  limits: { memory: "512Mi" },
} as const;

/** What makes Grafana's administrator have the password of the Secret, after each change of it. */
export function adminPassword({ instance }: MonitoringContext): Values {
  const { grafanaAdmin } = monitoringNames(instance);
  return {
    admin: { existingSecret: grafanaAdmin, userKey: "user", passwordKey: "password" },
    // The pod starts anew with it.
    podAnnotations: { "isthmus.dev/admin": generated(grafanaAdmin, "fingerprint") },
    extraInitContainers: [
      {
        name: "admin-password",
        // As the chart names Grafana's own; it renders what stands here.
        image:
          "{{ .Values.global.imageRegistry | default .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}",
        command: ["sh", "-euc", script],
        env: [
          { name: "GF_PATHS_DATA", value: "/var/lib/grafana" },
          {
            name: "GF_SECURITY_ADMIN_PASSWORD",
            valueFrom: { secretKeyRef: { name: grafanaAdmin, key: "password" } },
          },
        ],
        resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
        volumeMounts: [
          { name: "config", mountPath: "/etc/grafana/grafana.ini", subPath: "grafana.ini" },
          { name: "storage", mountPath: "/var/lib/grafana" },
        ],
      },
    ],
  };
}
