import type { Aspect, AspectPlace, PodPlaces, Values } from "./plan.ts";
import { allArchitectures, topologyKey, type Taint } from "./topology.ts";
import { membersAt, type LabelRequirement, type Spread, type Workload } from "./workload.ts";

/** What a workload's footprint comes to in a pod specification, by aspect. */
export type PodFragment = Readonly<Partial<Record<Aspect, unknown>>>;

/** The fragment of a workload at one site: only aspects that it has (one per node has no replicas). */
export function podFragment(workload: Workload, site: string): PodFragment {
  const replicas = membersAt(workload, site);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    requests: workload.requests,
    limits: workload.limits,
    affinity: affinityOf(workload),
    tolerations: workload.runsOn.tolerations.map(toToleration),
    ...(leavesNodeFirst(workload) ? { rollout: oneGoesFirst } : {}),
    ...(workload.stores === undefined ? {} : { storageSize: workload.stores.size }),
    ...(workload.stores?.storageClass === undefined ? {} : { storageClass: workload.stores.storageClass }),
  };
}

/**
 * The new pods of a Deployment start beside the old ones, for which members that keep apart by rule need a node more than they
 * are: with as many nodes, or one down, they would wait for ever. So an old one goes first.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
const oneGoesFirst = { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } as const;

function leavesNodeFirst({ controller, runsOn }: Workload): boolean {
  return controller === "Deployment" && runsOn.spread.some((rule) => rule.required);
}

/** `values` with a workload's fragment at the chart's places. An aspect that has no place, or a place without one, is a bug. */
export function place(values: Values, places: PodPlaces, fragment: PodFragment): Values {
  let placed = values;
  for (const aspect of Object.keys(fragment) as Aspect[]) {
    const where = places[aspect];
    if (where === undefined) throw new Error(`the footprint states ${aspect}, and nothing says where it goes`);
    placed = placeAspect(placed, where, fragment[aspect]);
  }
  // Whether a Deployment rolls in its own way depends on how many nodes there are: its place may stay empty.
  const idle = (Object.keys(places) as Aspect[]).find((aspect) => aspect !== "rollout" && !(aspect in fragment));
  if (idle !== undefined) throw new Error(`there is a place for ${idle}, and the footprint does not state it`);
  return placed;
}

function placeAspect(values: Values, where: AspectPlace, value: unknown): Values {
  if (typeof where === "string") return setAt(values, where.split("."), value);
  return "byChart" in where ? values : setAt(values, where.at.split("."), where.as(value));
}

/** A copy of `target` with `value` at the path. Whole numbers are places in lists. A value already there is a bug. */
export function setAt(target: Values, path: readonly string[], value: unknown): Values {
  return setIn(target, path, value) as Values;
}

function setIn(target: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) {
    if (target !== undefined) throw new Error(`a value is set twice: ${JSON.stringify(target)}`);
    return value;
  }
  if (Array.isArray(target)) {
    return target.map((item: unknown, index) => (String(index) === key ? setIn(item, rest, value) : item));
  }
  const record = (target ?? {}) as Values;
  return { ...record, [key]: setIn(record[key], rest, value) };
}

/** The value at a dotted path, or `undefined`. */
export function getAt(target: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[key];
  }, target);
}

function affinityOf(workload: Workload): Values {
  const { preferred, spread } = workload.runsOn;
  const required = [...workload.runsOn.required, ...architectureRequirement(workload)];
  const nodeAffinity = {
    ...(required.length === 0
      ? {}
      : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [toSelectorTerm(required)] } }),
    ...(preferred.length === 0
      ? {}
      : {
          preferredDuringSchedulingIgnoredDuringExecution: preferred.map((requirement) => ({
            weight: 50,
            preference: toSelectorTerm([requirement]),
          })),
        }),
  };
  const term = (over: Spread["over"]) => ({
    labelSelector: { matchLabels: workload.selector },
    topologyKey: topologyKey[over],
  });
  const apart = spread.filter((rule) => rule.required).map((rule) => term(rule.over));
  const rather = spread
    .filter((rule) => !rule.required)
    .map((rule) => ({ weight: 100, podAffinityTerm: term(rule.over) }));
  const podAntiAffinity = {
    ...(apart.length === 0 ? {} : { requiredDuringSchedulingIgnoredDuringExecution: apart }),
    ...(rather.length === 0 ? {} : { preferredDuringSchedulingIgnoredDuringExecution: rather }),
  };
  return {
    ...(Object.keys(nodeAffinity).length === 0 ? {} : { nodeAffinity }),
    ...(Object.keys(podAntiAffinity).length === 0 ? {} : { podAntiAffinity }),
  };
}

/** Half of a homelab is arm64: pods whose images lack an architecture stay away from such nodes. */
function architectureRequirement({ architectures }: Workload): LabelRequirement[] {
  return allArchitectures.every((architecture) => architectures.includes(architecture))
    ? []
    : [{ key: topologyKey.architecture, values: architectures }];
}

function toSelectorTerm(requirements: readonly LabelRequirement[]): Values {
  return { matchExpressions: requirements.map(({ key, values }) => ({ key, operator: "In", values: [...values] })) };
}

/** A taint as the toleration of exactly that taint. */
export function toToleration(taint: Taint): Values {
  return taint.value === undefined
    ? { key: taint.key, operator: "Exists", effect: taint.effect }
    : { key: taint.key, operator: "Equal", value: taint.value, effect: taint.effect };
}
