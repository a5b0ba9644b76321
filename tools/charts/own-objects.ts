import { resolve } from "../../program/resolve.ts";
import type { ServicePlan } from "../../plan/service-plans.ts";
import { readable } from "../preview/readable.ts";
import type { KubernetesObject } from "./kubernetes.ts";

/** Objects of ours as they will be once all sites are linked; what only a deployment knows is text that says so. */
export function objectsOfPlan({ objects }: Pick<ServicePlan, "objects">): readonly KubernetesObject[] {
  return objects.map(({ manifest }) => resolve(manifest, readable) as KubernetesObject);
}
