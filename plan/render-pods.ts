import {
  place,
  podFragment,
  type Manifest,
  type ObjectPlan,
  type PodPlaces,
  type ReleasePlan,
  type RenderContext,
  type Service,
  type Values,
  type Workload,
} from "@isthmus/core";

/** What a service installs, with what placement says of its pods where the service says that it belongs. */
export interface RenderedPods {
  readonly releases: readonly { readonly plan: ReleasePlan; readonly values: Values }[];
  readonly objects: readonly { readonly plan: ObjectPlan; readonly manifest: Manifest }[];
}

/** Renders a service instance with these workloads. Throws where it places one that they are not, or one of them not exactly once. */
export function renderPods(
  service: Service,
  rendering: RenderContext<unknown>,
  workloads: readonly Workload[],
): RenderedPods {
  const { instance, site } = rendering;
  const releases = service.charts(rendering);
  const objects = service.objects(rendering);
  refuseForgottenWorkloads(instance, workloads, [...releases, ...objects]);
  const placed = (values: Values, pods: Readonly<Record<string, PodPlaces>> = {}): Values =>
    Object.entries(pods).reduce((sum, [name, places]) => {
      const workload = workloads.find((candidate) => candidate.name === name);
      if (workload === undefined) throw new Error(`${instance} places ${name}, which its footprint does not state`);
      return place(sum, places, podFragment(workload, site.name));
    }, values);
  return {
    releases: releases.map((plan) => ({ plan, values: placed(plan.values, plan.pods) })),
    objects: objects.map((plan) => ({ plan, manifest: placed(plan.manifest, plan.pods) as Manifest })),
  };
}

/** Nothing that a footprint states is left to a chart's default: each workload is placed somewhere. */
function refuseForgottenWorkloads(
  instance: string,
  workloads: readonly Workload[],
  items: readonly { readonly pods?: Readonly<Record<string, PodPlaces>> | undefined }[],
): void {
  const placed = items.flatMap((item) => Object.keys(item.pods ?? {}));
  for (const { name } of workloads) {
    const times = placed.filter((other) => other === name).length;
    if (times !== 1) throw new Error(`${instance} places its workload ${name} ${times} times`);
  }
}
