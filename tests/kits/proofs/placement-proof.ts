import assert from "node:assert/strict";
import fc from "fast-check";
import {
  toMebibytes,
  toMillicores,
  type Aspect,
  type AspectPlace,
  type Bytes,
  type Cpu,
  type PodPlaces,
  type RenderContext,
  type Service,
  type Taint,
  type Values,
  type Workload,
} from "@isthmus/core";
import { renderPods, type RenderedPods } from "../../../plan/render-pods.ts";
import { isRecord } from "./chart-data.ts";

/** A service instance as the plan renders it; `change` alters workloads of its footprint before they are placed. */
export function renderService(
  service: Service,
  context: RenderContext<unknown>,
  change: (workload: Workload) => Workload = (workload) => workload,
): RenderedPods {
  return renderPods(service, context, service.footprint(context).workloads.map(change));
}

/**
 * Proves that nothing a footprint states is dropped on the way to the chart: each workload is placed exactly once, and
 * changing its members, requests, limits, tolerations, affinity or storage changes what is rendered exactly at the place
 * that the service declares for it, and nowhere else. What `byChart` says must change nothing.
 * Returns what is left to the chart so, as `workload.aspect`, for the test to agree with.
 */
export function provePlacement(service: Service, context: () => RenderContext<unknown>): string[] {
  const byChart: string[] = [];
  const before = renderService(service, context());
  for (const workload of service.footprint(context()).workloads) {
    const home = placesOf(workload.name, before);
    for (const [aspect, changes] of Object.entries(changesOf(workload, context().site.name))) {
      const where = home.places[aspect as Aspect];
      assert.ok(where !== undefined, `${service.name}/${workload.name}: ${aspect} has no place`);
      if (typeof where === "object" && "byChart" in where) byChart.push(`${workload.name}.${aspect}`);
      fc.assert(
        fc.property(changes, (change) => {
          const after = renderService(service, context(), (one) => (one.name === workload.name ? change(one) : one));
          const expected = declared(home.at, where);
          const different = differences(view(before), view(after), []);
          const message = `${service.name}/${workload.name}: ${aspect} is declared at ${expected.join(", ") || "no place"}`;
          if (expected.length === 0) assert.deepEqual(different, [], message);
          else assert.ok(different.length > 0, `${message}, and changing it changes nothing there`);
          for (const path of different) {
            assert.ok(
              expected.some((place) => path === place || path.startsWith(`${place}.`)),
              `${message}, and changing it changes ${path}`,
            );
          }
        }),
        { numRuns: 20, includeErrorInReport: true },
      );
    }
  }
  return byChart;
}

/** The one release or object that places a workload, by its path in what {@link view} gives. */
function placesOf(name: string, { releases, objects }: RenderedPods): { at: string; places: PodPlaces } {
  const found = [
    ...releases.map(({ plan }) => ({ at: `release/${plan.name}`, places: plan.pods[name] })),
    ...objects.map(({ plan }) => ({ at: `object/${plan.id}`, places: plan.pods?.[name] })),
  ].flatMap(({ at, places }) => (places === undefined ? [] : [{ at, places }]));
  const [only] = found;
  assert.ok(only !== undefined && found.length === 1, `the workload ${name} is placed ${found.length} times`);
  return only;
}

function view({ releases, objects }: RenderedPods): Values {
  return Object.fromEntries([
    ...releases.map(({ plan, values }) => [`release/${plan.name}`, values] as const),
    ...objects.map(({ plan, manifest }) => [`object/${plan.id}`, manifest] as const),
  ]);
}

function declared(at: string, where: AspectPlace): string[] {
  if (typeof where === "string") return [`${at}.${where}`];
  return "byChart" in where ? [] : [`${at}.${where.at}`];
}

type Change = (workload: Workload) => Workload;

/** For each aspect that a workload has: ways to change it to something else. */
function changesOf(workload: Workload, site: string): Partial<Record<Aspect, fc.Arbitrary<Change>>> {
  const { members, requests, limits, runsOn, stores } = workload;
  // Only more, as a chart with sidecars wants at least what they take.
  const moreBytes = (than: Bytes): fc.Arbitrary<Bytes> =>
    fc.integer({ min: 1, max: 4096 }).map((more): Bytes => `${toMebibytes(than) + more}Mi`);
  const moreCpu = (than: Cpu): fc.Arbitrary<Cpu> =>
    fc.integer({ min: 1, max: 4000 }).map((more): Cpu => `${toMillicores(than) + more}m`);
  return {
    ...("perSite" in members
      ? {
          replicas: fc
            .integer({ min: 0, max: 9 })
            .filter((count) => count !== members.perSite[site])
            .map((count): Change => (one) => ({ ...one, members: { perSite: { ...members.perSite, [site]: count } } })),
        }
      : {}),
    requests: fc
      .oneof(
        moreBytes(requests.memory).map((memory) => ({ ...requests, memory })),
        moreCpu(requests.cpu).map((cpu) => ({ ...requests, cpu })),
      )
      .map((changed): Change => (one) => ({ ...one, requests: changed })),
    limits: moreBytes(limits.memory).map((memory): Change => (one) => ({ ...one, limits: { memory } })),
    tolerations: taint.map((added): Change => (one) => ({
      ...one,
      runsOn: { ...runsOn, tolerations: [...runsOn.tolerations, added] },
    })),
    affinity: label.map((added): Change => (one) => ({
      ...one,
      runsOn: { ...runsOn, required: [...runsOn.required, added] },
    })),
    ...(stores === undefined
      ? {}
      : {
          storageSize: moreBytes(stores.size).map((size): Change => (one) => ({
            ...one,
            stores: { ...stores, size },
          })),
        }),
    ...(stores?.storageClass === undefined
      ? {}
      : {
          storageClass: word
            .filter((name) => name !== stores.storageClass)
            .map((storageClass): Change => (one) => ({ ...one, stores: { ...stores, storageClass } })),
        }),
  };
}

const word = fc.stringMatching(/^[a-z]{1,12}$/);
const label = fc.record({ key: word, values: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }) });
const taint: fc.Arbitrary<Taint> = fc.record({
  key: word,
  value: word,
  effect: fc.constantFrom("NoSchedule" as const, "NoExecute" as const),
});

/** Dotted paths of leaves, or of whole parts, that differ. */
function differences(a: unknown, b: unknown, path: readonly string[]): string[] {
  if (isRecord(a) && isRecord(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], [...path, key]));
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => differences(item, b[index], [...path, String(index)]));
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path.join(".")];
}
