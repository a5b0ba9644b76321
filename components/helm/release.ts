import { toSeconds, type ChartPin, type ReleasePlan } from "@isthmus/core";
import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import type { CustomResourceOptions } from "@pulumi/pulumi";

/** Where charts come from instead of their own repositories: `oci://registry/path`, or a folder of packed charts. */
export type ChartMirror = string;

export interface ChartReleaseArgs {
  /** The release, its values complete. */
  readonly plan: Omit<ReleasePlan, "pods">;
  /** Default: each chart's own repository. */
  readonly mirror?: ChartMirror | undefined;
}

/**
 * A Helm release of exactly one pinned chart, with the name that the plan gives it: after a kill it is found again
 * under that name. It waits for its pods, unless the plan says why it cannot.
 */
export class ChartRelease extends Release {
  constructor(name: string, { plan, mirror }: ChartReleaseArgs, options: CustomResourceOptions = {}) {
    super(
      name,
      {
        name: plan.name,
        namespace: plan.namespace,
        createNamespace: false,
        ...chartSource(plan.chart, mirror),
        version: plan.chart.version,
        values: plan.values,
        timeout: toSeconds(plan.timeout),
        skipAwait: plan.doesNotWait !== undefined,
        maxHistory: 5,
      },
      options,
    );
  }
}

/** How Helm is told where a chart is. A folder of packed charts needs no repository. */
export function chartSource(
  chart: ChartPin,
  mirror?: ChartMirror,
): { chart: string; repositoryOpts?: { repo: string } } {
  if (mirror === undefined) {
    return chart.repository.startsWith("oci://")
      ? { chart: chart.repository }
      : { chart: chart.name, repositoryOpts: { repo: chart.repository } };
  }
  const base = mirror.replace(/\/+$/, "");
  return { chart: base.startsWith("oci://") ? `${base}/${chart.name}` : `${base}/${chart.name}-${chart.version}.tgz` };
}
