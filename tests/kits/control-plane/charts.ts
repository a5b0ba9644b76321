import { Helm } from "../../../cli/lib/charts/helm.ts";
import { readKept } from "../../../cli/lib/charts/kept.ts";
import type { ReleaseFacts } from "../../../cli/lib/charts/facts.ts";
import { hookOf, listAt, mapAt, textAt, type Json, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import { madeOf } from "../../../cli/lib/charts/operated.ts";
import { Renderer } from "../../../cli/lib/charts/render.ts";
import type { SitePlan } from "../../../plan/plans.ts";

const sources = process.env["ISTHMUS_CHART_SOURCES"];

/** Whether charts can be rendered here; else their objects are those that `facts/` keeps whole. */
export const chartsAreAtHand = sources !== undefined;

const renderer =
  sources === undefined ? undefined : new Renderer(sources, new Helm(process.env["ISTHMUS_HELM"] ?? "helm"));

/** What charts make of a site's releases, or `undefined` where they cannot be rendered. */
export async function renderedObjects(
  plan: SitePlan,
): Promise<ReadonlyMap<string, readonly KubernetesObject[]> | undefined> {
  return renderer?.objectsOf(plan);
}

/** An object, and the namespace of its release. */
export interface ChartObject {
  readonly object: KubernetesObject;
  readonly namespace: string;
}

/**
 * Objects that charts make for a site of the default stacks: all of them where charts are at hand, else those that are kept whole. Hooks that
 * run for tests or at removal alone are left out.
 */
export async function chartObjects(plan: SitePlan, root: string): Promise<readonly ChartObject[]> {
  const kept = readKept(root, plan.facts.name).releases;
  const rendered = await renderer?.objectsOf(plan);
  return plan.services
    .flatMap(({ releases }) => releases)
    .flatMap(({ name, namespace }) =>
      (rendered?.get(name) ?? keptObjects(kept.get(name)))
        .filter((object) => !/^(test|pre-delete|post-delete)/.test(hookOf(object) ?? ""))
        .map((object) => ({ object, namespace })),
    );
}

/** Those that are kept whole, and the accounts of their pods. */
function keptObjects(facts: ReleaseFacts | undefined): readonly KubernetesObject[] {
  const accounts = (facts?.objects ?? []).filter(({ kind }) => kind === "ServiceAccount");
  return [
    ...accounts.map(({ apiVersion, kind, name, namespace }) => ({ apiVersion, kind, metadata: { name, namespace } })),
    ...(facts?.whole ?? []),
  ];
}

const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** A pod as the controller of an object makes it, or its operator as far as its source says it (`cli/lib/charts/operated.ts`). */
export function podOf(object: KubernetesObject, beside: readonly KubernetesObject[]): KubernetesObject | undefined {
  const made = object.kind in templatePaths ? object : madeOf(object, beside);
  if (made === undefined) return undefined;
  const template = mapAt(made, ...(templatePaths[made.kind] ?? []));
  const spec = mapAt(template, "spec");
  const withImages = (key: string): readonly Json[] =>
    listAt(spec, key).map((one) => ({ ...one, image: one["image"] ?? "known-to-its-operator" }));
  const claims = listAt(made, "spec", "volumeClaimTemplates").map((claim) => {
    const name = textAt(claim, "metadata", "name") ?? "";
    return { name, persistentVolumeClaim: { claimName: `${name}-${object.metadata.name}-0` } };
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...mapAt(template, "metadata"), name: object.metadata.name, namespace: object.metadata.namespace },
    spec: {
      ...spec,
      initContainers: withImages("initContainers"),
      containers: withImages("containers"),
      volumes: [...listAt(spec, "volumes"), ...claims],
    },
  };
}
