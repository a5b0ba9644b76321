import type { Values } from "@isthmus/core";
import { resolve } from "../../../program/resolve.ts";
import type { PlacedRelease, ServicePlan } from "../../../plan/service-plans.ts";
import { readable } from "../../../program/readable.ts";
import type { KubernetesObject } from "./kubernetes.ts";

/** What a chart is told; what only a deployment knows is text that says so. */
export function valuesOfPlan({ values }: Pick<PlacedRelease, "values">): Values {
  return resolve(values, readable) as Values;
}

/** Objects of ours as they will be once all sites are linked; what only a deployment knows is text that says so. */
export function objectsOfPlan({ objects }: Pick<ServicePlan, "objects">): readonly KubernetesObject[] {
  return objects.map(({ manifest }) => resolve(manifest, readable) as KubernetesObject);
}
