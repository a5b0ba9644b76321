import type { MonitorFacts, ServiceFacts } from "../facts.ts";
import { selects, type PodFacts } from "../pods.ts";
import { k3sPods, keptServices } from "../k3s-objects.ts";
import { labelsAtRunTime } from "../made-at-run-time.ts";
import { byOwner, everything, type RenderedRelease, type RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { isOf } from "./pods-stated.ts";

export const selectorsSelect: Law = {
  id: "selectors-select",
  sentence:
    "Every Service, monitor and disruption budget finds pods, every port that is named is one of theirs, and a webhook's Service is there.",
  fix: "Correct the selector or the port in the service's values or objects; what an operator makes has its labels in the footprint.",
  breaches: (site) => {
    const all = everything(site);
    const pods = [
      ...site.releases.flatMap(runningPods),
      ...site.own.flatMap(({ facts }) => facts.pods),
      ...unseenPods(site),
      ...k3sPods,
    ];
    const services = [...all.flatMap((facts) => facts.services), ...keptServices];
    return byOwner(site).flatMap(({ release, facts }) => [
      ...facts.services.flatMap((service) => servicesProblems(service, pods, release)),
      ...facts.monitors.flatMap((monitor) => monitorProblems(monitor, { services, pods, release })),
      ...facts.budgets
        .filter(
          (budget) => !pods.some((one) => one.namespace === budget.namespace && selects(budget.selector, one.labels)),
        )
        .map((budget) => ({ release, at: `PodDisruptionBudget ${budget.name}`, problem: "it selects no pod" })),
      ...facts.webhooks.flatMap(({ configuration, service }) => {
        if (service === undefined) return [];
        const found = services.find(({ name, namespace }) => name === service.name && namespace === service.namespace);
        const has = found?.ports.some(({ port }) => port === service.port) ?? false;
        return has
          ? []
          : [
              {
                release,
                at: configuration,
                problem: `there is no Service ${service.namespace}/${service.name} with port ${service.port}`,
              },
            ];
      }),
    ]);
  },
};

/** A chart's pods with the labels that its program gives them while they run; one pod for each value of a label. */
function runningPods({ plan, facts }: RenderedRelease): readonly PodFacts[] {
  return facts.pods.flatMap((pods) => {
    const added = labelsAtRunTime.find(
      ({ chart, on }) => chart === plan.chart.name && selects({ matchLabels: on }, pods.labels),
    );
    if (added === undefined) return [pods];
    const variants = Object.entries(added.labels).reduce<Readonly<Record<string, string>>[]>(
      (sum, [key, values]) => sum.flatMap((labels) => values.map((value) => ({ ...labels, [key]: value }))),
      [{}],
    );
    return variants.map((labels) => ({ ...pods, labels: { ...pods.labels, ...labels } }));
  });
}

/** Pods that operators make by themselves are known by the footprint alone; their ports are not. */
function unseenPods(site: RenderedSite): Pick<PodFacts, "namespace" | "labels" | "containers" | "controller">[] {
  const seen = everything(site).flatMap(({ pods }) => pods);
  return site.plan.services.flatMap(({ namespace, footprint }) =>
    footprint.workloads
      .filter((workload) => workload.controller === "operator" && !seen.some((pods) => isOf(pods, workload)))
      .map(({ selector }) => ({ namespace, labels: selector, containers: [], controller: "unseen" })),
  );
}

type SomePods = ReturnType<typeof unseenPods>[number];

function servicesProblems(service: ServiceFacts, pods: readonly SomePods[], release: string): Breach[] {
  const at = `Service ${service.name}`;
  // Without a selector somebody else says who answers.
  if (Object.keys(service.selector).length === 0) return [];
  const selected = pods.filter((one) => one.namespace === service.namespace && selectsOrMay(service.selector, one));
  if (selected.length === 0)
    return [{ release, at, problem: `it selects no pod: ${JSON.stringify(service.selector)}` }];
  if (selected.some(({ controller }) => controller === "unseen")) return [];
  const names = new Set(
    selected.flatMap(({ containers }) => containers.flatMap(({ ports }) => ports.map(({ name }) => name))),
  );
  return service.ports
    .filter(({ targetPort }) => !/^\d+$/.test(targetPort) && !names.has(targetPort))
    .map(({ port, targetPort }) => ({
      release,
      at: `${at} port ${port}`,
      problem: `its pods name no port ${targetPort}`,
    }));
}

/** An operator gives its pods more labels than the footprint names. */
function selectsOrMay(selector: Readonly<Record<string, string>>, { controller, labels }: SomePods): boolean {
  if (controller !== "unseen") return selects({ matchLabels: selector }, labels);
  return Object.entries(labels).some(([key, value]) => selector[key] === value);
}

interface Around {
  readonly services: readonly ServiceFacts[];
  readonly pods: readonly SomePods[];
  readonly release: string;
}

function monitorProblems(monitor: MonitorFacts, { services, pods, release }: Around): Breach[] {
  const at = `${monitor.kind} ${monitor.name}`;
  const inReach = (namespace: string): boolean =>
    monitor.namespaces.includes("*") || monitor.namespaces.includes(namespace);
  if (monitor.kind === "PodMonitor") {
    const found = pods.filter(({ namespace, labels }) => inReach(namespace) && selects(monitor.selector, labels));
    return found.length === 0 ? [{ release, at, problem: "it selects no pod" }] : [];
  }
  const found = services.filter(({ namespace, labels }) => inReach(namespace) && selects(monitor.selector, labels));
  if (found.length === 0)
    return [{ release, at, problem: `it selects no Service: ${JSON.stringify(monitor.selector)}` }];
  const names = new Set(found.flatMap(({ ports }) => ports.flatMap(({ name, targetPort }) => [name, targetPort])));
  return monitor.ports
    .filter((port) => !names.has(port))
    .map((port) => ({ release, at, problem: `no Service that it selects names a port ${port}` }));
}
