import type { SitePlan } from "../../plan/plans.ts";
import { readKept } from "../../cli/lib/charts/kept.ts";
import { listAt, textAt, type KubernetesObject } from "../../cli/lib/charts/kubernetes.ts";
import { project } from "./default-stacks.ts";

/** An object as the chart of a release renders it of the default stacks: what is kept is held to today's values elsewhere. */
export function renderedObject(
  site: SitePlan,
  release: string,
  what: { kind: string; name: string },
): KubernetesObject {
  const whole = readKept(project, site.facts.name).releases.get(release)?.whole ?? [];
  const found = whole.find(({ kind, metadata }) => kind === what.kind && metadata.name === what.name);
  if (found === undefined) {
    const there = whole.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ");
    throw new Error(`of ${release} at ${site.facts.name} no ${what.kind} ${what.name} is kept; there are: ${there}`);
  }
  return found;
}

/** The names of the volumes that each pod of a StatefulSet has of its own. */
export const claimNames = (statefulSet: KubernetesObject): readonly string[] =>
  listAt(statefulSet, "spec", "volumeClaimTemplates").map((one) => textAt(one, "metadata", "name") ?? "");

/** The values of a release of the plan, as plain data. */
export function valuesOf(site: SitePlan, release: string): Readonly<Record<string, unknown>> {
  const found = site.services.flatMap(({ releases }) => releases).find(({ name }) => name === release);
  if (found === undefined) throw new Error(`${site.facts.name} has no release ${release}`);
  return found.values;
}

/** `data` with texts replaced, whichever of them occur anywhere in it. */
export function withTexts<T>(data: T, replaced: Readonly<Record<string, string>>): T {
  const text = Object.entries(replaced).reduce(
    (sum, [from, to]) => sum.replaceAll(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1)),
    JSON.stringify(data),
  );
  return JSON.parse(text) as T;
}
