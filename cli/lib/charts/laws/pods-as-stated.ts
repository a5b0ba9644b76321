import { isDeepStrictEqual } from "node:util";
import {
  podFragment,
  toMebibytes,
  toMillicores,
  type Aspect,
  type Bytes,
  type Cpu,
  type Workload,
} from "@isthmus/core";
import type { PlacedRelease, ServicePlan } from "../../../../plan/service-plans.ts";
import { listAt, textAt, type Json } from "../kubernetes.ts";
import type { ContainerFacts, PodFacts } from "../pods.ts";
import { amount, same } from "../quantities.ts";
import type { RenderedRelease, RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { isOf } from "./pods-stated.ts";

const mebibyte = 2 ** 20;

export const podsAsStated: Law = {
  id: "pods-as-stated",
  sentence: "Replicas, requests, limits, affinity, tolerations and claims of a chart's pods equal the footprint.",
  fix: "Name the chart's key for it in the service's `pods`, or correct what the footprint states.",
  breaches: (site) => [
    ...site.releases.flatMap((release) => [
      ...workloads(
        { service: release.service, release: release.plan.name, leftToChart: release.plan.leftToChart },
        release.facts.pods,
        site,
      ),
      ...hooks(release, site),
    ]),
    ...site.own.flatMap(({ service, facts }) =>
      workloads({ service, release: service.instance, leftToChart: {} }, facts.pods, site),
    ),
  ],
};

interface Owner {
  readonly service: ServicePlan;
  readonly release: string;
  readonly leftToChart: PlacedRelease["leftToChart"];
}

function workloads(owner: Owner, all: readonly PodFacts[], site: RenderedSite): Breach[] {
  return owner.service.footprint.workloads.flatMap((workload) =>
    all
      .filter((pods) => isOf(pods, workload))
      .flatMap((pods) =>
        differences(workload, withDefaults(pods, site), site.plan.facts.name)
          .filter(({ aspect }) => !excused(owner, workload, aspect))
          .map(({ aspect, problem }) => ({
            release: owner.release,
            at: `${pods.controller} ${pods.name}: ${aspect}`,
            problem,
          })),
      ),
  );
}

/** What a chart decides by itself has to come to what is stated all the same, where it is an amount. */
function excused({ leftToChart }: Owner, { name }: Workload, aspect: Aspect): boolean {
  const left = leftToChart[name]?.[aspect] !== undefined;
  return left && ["limits", "affinity", "tolerations"].includes(aspect);
}

interface Difference {
  readonly aspect: Aspect;
  readonly problem: string;
}

function differences(workload: Workload, pods: PodFacts, site: string): Difference[] {
  const stated = podFragment(workload, site);
  const found: Difference[] = [];
  const compare = (aspect: Aspect, is: unknown, wanted: unknown): void => {
    if (!isDeepStrictEqual(is, wanted))
      found.push({ aspect, problem: `it has ${show(is)}, and the footprint states ${show(wanted)}` });
  };
  if (pods.controller !== "DaemonSet") compare("replicas", pods.replicas, stated.replicas);
  compare("requests", requested(pods.containers), wantedRequests(workload.requests));
  compare("limits", { memory: limit(pods.containers) }, { memory: toMebibytes(workload.limits.memory) });
  compare("affinity", pods.affinity, stated.affinity);
  compare("tolerations", [...pods.tolerations], stated.tolerations);
  const claims = ["StatefulSet", "operator"].includes(pods.controller);
  if (stated.storageSize !== undefined) {
    const sizes = pods.claims.map(({ size }) => amount(size) / mebibyte);
    const size = toMebibytes(stated.storageSize as Bytes);
    if (claims && !sizes.some((one) => same(one, size)))
      found.push({
        aspect: "storageSize",
        problem: `its claims have ${show(sizes)} MiB, and the footprint states ${size}`,
      });
  } else if (pods.claims.length > 0) {
    found.push({ aspect: "storageSize", problem: `it claims ${show(pods.claims)}, and the footprint states no store` });
  }
  if (stated.storageClass !== undefined && claims) {
    const others = pods.claims.filter(({ storageClass }) => storageClass !== stated.storageClass);
    if (others.length > 0)
      found.push({
        aspect: "storageClass",
        problem: `${show(others)}, and the footprint states ${show(stated.storageClass)}`,
      });
  }
  return found;
}

const show = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** Of all containers together, in MiB and thousandths of a core; those that only begin count where they want more. */
function requested(containers: readonly ContainerFacts[]): { memory: number; cpu: number } {
  const of = (resource: "memory" | "cpu", unit: number): number => {
    const values = (init: boolean): number[] =>
      containers.filter((one) => one.init === init).map(({ requests }) => amount(requests[resource] ?? "0") / unit);
    return (
      Math.round(
        1000 *
          Math.max(
            values(false).reduce((sum, one) => sum + one, 0),
            ...values(true),
          ),
      ) / 1000
    );
  };
  return { memory: of("memory", mebibyte), cpu: of("cpu", 0.001) };
}

const wantedRequests = ({ memory, cpu }: { memory: Bytes; cpu: Cpu }) => ({
  memory: toMebibytes(memory),
  cpu: toMillicores(cpu),
});

/** Of those that stay, or nothing where one of them has none. */
function limit(containers: readonly ContainerFacts[]): number | undefined {
  const limits = containers.filter(({ init }) => !init).map(({ limits }) => limits["memory"]);
  if (limits.some((one) => one === undefined)) return undefined;
  return limits.reduce((sum, one) => sum + amount(one ?? "0") / mebibyte, 0);
}

/** What the LimitRange of a namespace gives to containers that ask for nothing, as its admission plugin does. */
function withDefaults(pods: PodFacts, site: RenderedSite): PodFacts {
  const ranges = site.objects.filter(
    ({ kind, metadata }) => kind === "LimitRange" && metadata.namespace === pods.namespace,
  );
  const given = ranges.flatMap((range) => listAt(range, "spec", "limits")).filter((one) => one["type"] === "Container");
  const filled = (own: Readonly<Record<string, string>>, part: string): Readonly<Record<string, string>> =>
    given.reduce<Readonly<Record<string, string>>>((sum, one) => ({ ...texts(one[part]), ...sum }), own);
  return {
    ...pods,
    containers: pods.containers.map((container) => ({
      ...container,
      requests: filled(container.requests, "defaultRequest"),
      limits: filled(container.limits, "default"),
    })),
  };
}

function texts(value: unknown): Readonly<Record<string, string>> {
  const record = (typeof value === "object" && value !== null ? value : {}) as Json;
  return Object.fromEntries(Object.keys(record).map((key) => [key, textAt(record, key) ?? String(record[key])]));
}

function hooks(release: RenderedRelease, site: RenderedSite): Breach[] {
  return (release.service.footprint.hooks ?? []).flatMap((hook) =>
    release.facts.pods
      .filter((pods) => pods.hook !== undefined && pods.name === hook.name)
      .flatMap((pods) => {
        const is = requested(withDefaults(pods, site).containers);
        const wanted = wantedRequests(hook.requests);
        return isDeepStrictEqual(is, wanted)
          ? []
          : [
              {
                release: release.plan.name,
                at: `${pods.controller} ${pods.name}: requests`,
                problem: `it has ${show(is)}, and the footprint states ${show(wanted)}`,
              },
            ];
      }),
  );
}
