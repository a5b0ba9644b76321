import type { Workload } from "@isthmus/core";
import type { ServicePlan } from "../../../../plan/service-plans.ts";
import { unseenPods } from "../made-at-run-time.ts";
import type { PodFacts } from "../pods.ts";
import { selects } from "../pods.ts";
import type { RenderedRelease } from "../site.ts";
import type { Breach, Law } from "./law.ts";

/** Whether pods are those of a workload. */
export function isOf(pods: PodFacts, workload: Workload): boolean {
  return (
    pods.hook === undefined &&
    pods.controller === workload.controller &&
    selects({ matchLabels: workload.selector }, pods.labels)
  );
}

export const podsStated: Law = {
  id: "pods-stated",
  sentence:
    "Every pod of a chart is a workload or a hook of the footprint, and every such workload and hook has its pods.",
  fix: "State it in the footprint (`workloads`, or `hooks` for what Helm runs for a moment), or switch it off by a value.",
  breaches: ({ releases, own }) => [
    ...releases.flatMap((release) => [
      ...unstated(release.service, { release: release.plan.name, pods: release.facts.pods }),
      ...missing(release, releases),
      ...untold(release),
    ]),
    ...own.flatMap(({ service, facts }) => [
      ...unstated(service, { release: service.instance, pods: facts.pods }),
      ...unseen(service, [
        ...facts.pods,
        ...releases.filter((one) => one.service.instance === service.instance).flatMap((one) => one.facts.pods),
      ]),
    ]),
  ],
};

/** What an operator makes by itself it makes of images that its release names. */
function untold({ plan, facts }: RenderedRelease): Breach[] {
  return unseenPods
    .filter(({ chart }) => chart === plan.chart.name)
    .flatMap(({ workloads, images }) =>
      images
        .filter((name) => !facts.images.some(({ image }) => image.startsWith(`${name}:`)))
        .map((name) => ({
          release: plan.name,
          at: `workload ${workloads.join(", ")}`,
          problem: `nothing tells the operator to start ${name}`,
        })),
    );
}

/** Workloads of operators have pods that are seen, or a row that says what cannot be. */
function unseen({ instance, releases, footprint }: ServicePlan, pods: readonly PodFacts[]): Breach[] {
  const told = (name: string): boolean =>
    unseenPods.some(
      ({ chart, workloads }) => workloads.includes(name) && releases.some((one) => one.chart.name === chart),
    );
  return footprint.workloads
    .filter(({ controller, name }) => controller === "operator" && !told(name))
    .filter((workload) => !pods.some((one) => isOf(one, workload)))
    .map(({ name }) => ({
      release: instance,
      at: `workload ${name}`,
      problem: "no object of it has its pods, and nothing says why they cannot be seen",
    }));
}

const chartControllers = ["Deployment", "StatefulSet", "DaemonSet"];

function unstated(
  { footprint }: ServicePlan,
  of: { readonly release: string; readonly pods: readonly PodFacts[] },
): Breach[] {
  const { workloads, hooks = [] } = footprint;
  return of.pods.flatMap((pods) => {
    // Scaled to nothing, it is switched off.
    if (pods.replicas === 0) return [];
    const owners = workloads.filter((workload) => isOf(pods, workload));
    const hook = hooks.find(
      ({ name, controller }) => pods.hook !== undefined && name === pods.name && controller === pods.controller,
    );
    const found = owners.length + (hook === undefined ? 0 : 1);
    if (found === 1) return [];
    const at = `${pods.controller} ${pods.name}`;
    const names = owners.map(({ name }) => name).join(", ");
    return [{ release: of.release, at, problem: found === 0 ? "no footprint states it" : `it is stated as ${names}` }];
  });
}

function missing({ service, plan }: RenderedRelease, releases: readonly RenderedRelease[]): Breach[] {
  const { workloads, hooks = [] } = service.footprint;
  const same = releases.filter((other) => other.service.instance === service.instance);
  // Told once, with the first release of the service.
  if (same[0]?.plan.name !== plan.name) return [];
  const pods = same.flatMap(({ facts }) => facts.pods);
  const ours = new Set(
    service.objects
      .filter(({ manifest }) => chartControllers.includes(manifest.kind))
      .map(({ manifest }) => manifest.kind),
  );
  return [
    ...workloads
      .filter(({ controller }) => chartControllers.includes(controller) && !ours.has(controller))
      .filter((workload) => !pods.some((one) => isOf(one, workload)))
      .map(({ name, controller }) => ({
        release: plan.name,
        at: `workload ${name}`,
        problem: `no ${controller} of its charts has its labels`,
      })),
    ...hooks
      .filter(({ name, controller }) => !pods.some((one) => one.name === name && one.controller === controller))
      .map(({ name, controller }) => ({
        release: plan.name,
        at: `hook ${name}`,
        problem: `its charts make no ${controller} of that name`,
      })),
  ];
}
