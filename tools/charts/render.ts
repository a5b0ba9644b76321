import type { SitePlan } from "../../plan/plans.ts";
import type { PlacedRelease } from "../../plan/service-plans.ts";
import { factsOf, hashOf, type ReleaseFacts } from "./facts.ts";
import type { Helm } from "./helm.ts";
import { idleValues } from "./idle-values.ts";
import { objectsIn, type KubernetesObject } from "./kubernetes.ts";
import { chartFolder, chartSource } from "./sources.ts";

/** A release as its chart renders it. */
export interface Rendering {
  readonly facts: ReleaseFacts;
  readonly objects: readonly KubernetesObject[];
}

/** Renders releases with charts that lie in a folder each. */
export class Renderer {
  constructor(
    private readonly sources: string,
    private readonly helm: Helm,
  ) {}

  /** All releases of a site, by name. */
  async site(plan: SitePlan): Promise<ReadonlyMap<string, Rendering>> {
    const renderings = new Map<string, Rendering>();
    for (const release of plan.services.flatMap((service) => service.releases)) {
      renderings.set(release.name, await this.release(release, plan.facts.kubernetes.version));
    }
    return renderings;
  }

  /** A release with its facts. `version` is that of k3s, such as `v1.34.3+k3s1`. */
  private async release(release: PlacedRelease, version: string): Promise<Rendering> {
    const { name, namespace, values } = release;
    const folder = chartFolder(this.sources, release.chart);
    const kubernetes = version.replace(/\+.*$/, "");
    const text = (changed: PlacedRelease["values"]): Promise<string> =>
      this.helm.template({ name, namespace, values: changed }, folder, kubernetes);
    const objects = objectsIn(await text(values));
    const idle = await idleValues(values, text);
    const own = { release: name, namespace, chart: chartSource(folder), values: hashOf(values), idle };
    return { facts: { ...own, ...factsOf(objects, namespace) }, objects };
  }
}
