import type { SitePlan } from "../../../../plan/plans.ts";
import type { KubernetesObject } from "../kubernetes.ts";
import { certManagerDemands } from "./cert-manager.ts";
import { cloudnativePgDemands } from "./cloudnative-pg.ts";
import type { Beside, Demand } from "./demand.ts";
import { chartAskedAbout } from "./groups.ts";
import { longhornDemands } from "./longhorn.ts";
import { metallbDemands } from "./metallb.ts";
import { prometheusOperatorDemands } from "./prometheus-operator.ts";

/**
 * What the admission webhooks of charts demand of objects beyond the schemas of their kinds, read from their sources. Of expressions of
 * PrometheusRules nothing is said here: those of ours are evaluated by the real Prometheus in components/services/observability/monitoring/alert-rules.test.ts.
 */
export const demands: readonly Demand[] = [
  ...metallbDemands,
  ...certManagerDemands,
  ...longhornDemands,
  ...cloudnativePgDemands,
  ...prometheusOperatorDemands,
];

/** `Kind name: what a webhook says against it`; also of a kind that a webhook is asked about, and whose demands nobody has read. */
export function refusals(objects: readonly KubernetesObject[], beside: Beside): readonly string[] {
  return objects.flatMap((object) => {
    const chart = chartAskedAbout(object);
    if (chart === undefined || beside.namespaceOf(chart) === undefined) return [];
    const rows = demands.filter((row) => row.chart === chart && row.kinds.includes(object.kind));
    const problems =
      rows.length === 0
        ? [`nobody has read what the webhook of ${chart} demands of this kind`]
        : rows.flatMap((row) => row.refuses(object, beside));
    return [...new Set(problems)].map((problem) => `${object.kind} ${object.metadata.name}: ${problem}`);
  });
}

/** Everything else at a site that webhooks look at. */
export function besideAt({ services }: Pick<SitePlan, "services">, all: readonly KubernetesObject[]): Beside {
  const releases = services.flatMap((service) => service.releases);
  return { all, namespaceOf: (chart) => releases.find((release) => release.chart.name === chart)?.namespace };
}
