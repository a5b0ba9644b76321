import { toSeconds, type ReleasePlan } from "@isthmus/core";
import { Release } from "@pulumi/kubernetes/helm/v3/release.js";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import { chartSource, type ChartMirror } from "./source.ts";

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
