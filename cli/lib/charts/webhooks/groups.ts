/** What of a chart's webhook is known before anything of it runs. */
interface Asked {
  readonly group: string;
  readonly chart: string;
  /** Of the group, the kinds that it is asked about. Absent: all of them. */
  readonly kinds?: readonly string[];
  /** Its silence lets everything pass: failurePolicy Ignore. Otherwise the API server refuses what it cannot ask about. */
  readonly ignored?: true;
}

const asked: readonly Asked[] = [
  // templates/webhooks.yaml
  { group: "metallb.io", chart: "metallb" },
  // templates/webhook-validating-webhook.yaml
  { group: "cert-manager.io", chart: "cert-manager" },
  { group: "acme.cert-manager.io", chart: "cert-manager" },
  // None in the chart, its manager registers them: https://github.com/longhorn/longhorn-manager/blob/v1.12.1/webhook/server/server.go
  { group: "longhorn.io", chart: "longhorn" },
  // templates/validatingwebhookconfiguration.yaml
  { group: "postgresql.cnpg.io", chart: "cloudnative-pg" },
  // templates/prometheus-operator/admission-webhooks/validatingWebhookConfiguration.yaml
  {
    group: "monitoring.coreos.com",
    chart: "kube-prometheus-stack",
    kinds: ["PrometheusRule", "AlertmanagerConfig"],
    ignored: true,
  },
];

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Whether somebody wrote down whom a group's objects are shown to. */
export const isKnownGroup = (group: string): boolean => asked.some((one) => one.group === group);

/** The chart whose webhook is asked about an object; absent: none of a chart here is. */
export const chartAskedAbout = (object: Kind): string | undefined => rowOf(object)?.chart;

/** The same where the API server refuses the object while the webhook does not answer. */
export function chartWaitedFor(object: Kind): string | undefined {
  const row = rowOf(object);
  return row?.ignored ? undefined : row?.chart;
}

function rowOf({ apiVersion, kind }: Kind): Asked | undefined {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return asked.find((one) => one.group === group && (one.kinds?.includes(kind) ?? true));
}
