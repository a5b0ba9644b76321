import { registerInProcess } from "../../../cli/lib/preview/in-process.ts";
import { isRecord, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";

/** Marks a secret among what a program registers: https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/rpc.ts (specialSigKey) */
const signature = "4dabf18193072939515e22adb298388d";

/** The Kubernetes objects of a site as the program registers them, in that order; releases of charts are not among them. */
export async function registeredObjects(fleet: FleetPlan, plan: SitePlan): Promise<readonly KubernetesObject[]> {
  const recorded = await registerInProcess(fleet, plan);
  return recorded
    .filter(({ type }) => type.startsWith("kubernetes:") && !type.startsWith("kubernetes:helm.sh/"))
    .map(({ props }) => open(props) as KubernetesObject);
}

function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (!isRecord(value)) return value;
  if (signature in value) return open(value["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, open(one)]));
}
