import { isDeepStrictEqual } from "node:util";
import type { ServicePlan } from "../../../../plan/service-plans.ts";
import { unseenPods } from "../made-at-run-time.ts";
import type { PodFacts } from "../pods.ts";
import { type RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { isOf } from "./pods-stated.ts";

export const hostAccessAsStated: Law = {
  id: "host-access-as-stated",
  sentence:
    "What pods have of their hosts is stated, with the reason: network, processes, folders, ports, capabilities, privileged containers.",
  fix: "Take it away by a value of the chart, or state it under `privileges` of the service, with the reason.",
  breaches: (site) =>
    site.plan.services.flatMap((service) => [...differences(service, site), ...unknown(service, site)]),
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
    const stated = statedFor(service, nameOf(service, pods));
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

/** The workload's, or the object's: that of a hook. */
const nameOf = ({ footprint }: ServicePlan, pods: PodFacts): string =>
  footprint.workloads.find((one) => isOf(pods, one))?.name ?? pods.name;

const statedFor = ({ privileges }: ServicePlan, name: string): readonly string[] =>
  [...new Set((privileges.hostAccess ?? []).filter(({ pods }) => pods === name).flatMap(({ has }) => has))].sort();

const listed = (items: readonly string[]): string => (items.length === 0 ? "nothing of its host" : items.join(", "));

/** What is stated of pods that nobody has. Of those that an operator makes by itself only their source can say it. */
function unknown(service: ServicePlan, site: RenderedSite): Breach[] {
  const { instance, footprint, privileges, releases } = service;
  const unseen = unseenPods.filter(({ chart }) => releases.some((one) => one.chart.name === chart));
  const seen = new Set([
    ...podsOf(service, site).map(({ pods }) => nameOf(service, pods)),
    ...footprint.workloads.map(({ name }) => name).filter((name) => unseen.some((one) => one.workloads.includes(name))),
  ]);
  return [...new Set((privileges.hostAccess ?? []).map(({ pods }) => pods))]
    .filter((pods) => !seen.has(pods))
    .map((pods) => ({
      release: instance,
      at: pods,
      problem: "it is stated what these pods have of their hosts, and nothing makes them",
    }));
}
