import { isDeepStrictEqual } from "node:util";
import type { ServicePlan } from "../../../plan/service-plans.ts";
import type { PodFacts } from "../pods.ts";
import { type RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { isOf } from "./pods-stated.ts";

export const hostAccessAsStated: Law = {
  id: "host-access-as-stated",
  sentence:
    "What pods have of their hosts is stated, with the reason: network, processes, folders, ports, capabilities, privileged containers.",
  fix: "Take it away by a value of the chart, or state it under `privileges` of the service, with the reason.",
  breaches: (site) => site.plan.services.flatMap((service) => [...differences(service, site), ...unknown(service)]),
};

/** Pods of a service's releases and objects, with the release. */
function podsOf({ instance }: ServicePlan, { releases, own }: RenderedSite): { release: string; pods: PodFacts }[] {
  return [
    ...releases
      .filter(({ service }) => service.instance === instance)
      .flatMap(({ plan, facts }) => facts.pods.map((pods) => ({ release: plan.name, pods }))),
    ...own
      .filter(({ service }) => service.instance === instance)
      .flatMap(({ facts }) => facts.pods.map((pods) => ({ release: instance, pods }))),
  ];
}

function differences(service: ServicePlan, site: RenderedSite): Breach[] {
  return podsOf(service, site).flatMap(({ release, pods }) => {
    const name = service.footprint.workloads.find((one) => isOf(pods, one))?.name ?? pods.name;
    const stated = statedFor(service, name);
    const is = [...pods.hostAccess].sort();
    if (isDeepStrictEqual(is, stated)) return [];
    return [
      {
        release,
        at: `${pods.controller} ${pods.name}`,
        problem: `it has ${listed(is)}, and the service states ${listed(stated)}`,
      },
    ];
  });
}

const statedFor = ({ privileges }: ServicePlan, name: string): readonly string[] =>
  [...new Set((privileges.hostAccess ?? []).filter(({ pods }) => pods === name).flatMap(({ has }) => has))].sort();

const listed = (items: readonly string[]): string => (items.length === 0 ? "nothing of its host" : items.join(", "));

function unknown({ instance, footprint, privileges }: ServicePlan): Breach[] {
  const known = new Set([...footprint.workloads, ...(footprint.hooks ?? [])].map(({ name }) => name));
  return (privileges.hostAccess ?? [])
    .filter(({ pods }) => !known.has(pods))
    .map(({ pods }) => ({
      release: instance,
      at: pods,
      problem: "the footprint has no workload and no hook of that name",
    }));
}
