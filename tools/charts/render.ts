import type { SitePlan } from "../../plan/plans.ts";
import type { PlacedRelease } from "../../plan/service-plans.ts";
import { factsOf, hashOf, type ReleaseFacts } from "./facts.ts";
import type { Helm } from "./helm.ts";
import { idleValues } from "./idle-values.ts";
import { objectsIn, type KubernetesObject } from "./kubernetes.ts";
import { valuesOfPlan } from "./own-objects.ts";
import { chartFolder, chartSource } from "./sources.ts";
import { wholeObjects } from "./whole.ts";

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
    for (const release of releasesOf(plan)) {
      renderings.set(release.name, await this.release(release, plan.facts.kubernetes.version));
    }
    return renderings;
  }

  /** The facts of a site of whose releases most are known; which values are read is not asked again. */
  async siteBeside(
    plan: SitePlan,
    known: ReadonlyMap<string, ReleaseFacts>,
  ): Promise<ReadonlyMap<string, ReleaseFacts>> {
    const facts = new Map<string, ReleaseFacts>();
    for (const release of releasesOf(plan)) {
      const same = known.get(release.name);
      if (same?.values === hashOf(release.values)) facts.set(release.name, same);
      else facts.set(release.name, (await this.quickly(release, plan.facts.kubernetes.version)).facts);
    }
    return facts;
  }

  /** A release with its facts. `version` is that of k3s, such as `v1.34.3+k3s1`. */
  private async release(release: PlacedRelease, version: string): Promise<Rendering> {
    const { facts, objects } = await this.quickly(release, version);
    const idle = await idleValues(release.values, (values) => this.text({ ...release, values }, version));
    return { facts: { ...facts, idle }, objects };
  }

  /** The same without asking which values are read. */
  private async quickly(release: PlacedRelease, version: string): Promise<Rendering> {
    const { name, namespace, values } = release;
    const objects = objectsIn(await this.text(release, version));
    const chart = chartSource(chartFolder(this.sources, release.chart));
    const own = { release: name, namespace, chart, values: hashOf(values), idle: [] };
    const whole = wholeObjects(chart.name, objects);
    const facts = { ...own, ...factsOf(objects, namespace), ...(whole.length === 0 ? {} : { whole }) };
    return { facts, objects };
  }

  private text({ name, namespace, values, chart }: PlacedRelease, version: string): Promise<string> {
    const kubernetes = version.replace(/\+.*$/, "");
    return this.helm.template({ name, namespace, values }, chartFolder(this.sources, chart), kubernetes);
  }
}

const releasesOf = ({ services }: SitePlan): readonly PlacedRelease[] =>
  services.flatMap(({ releases }) => releases.map((release) => ({ ...release, values: valuesOfPlan(release) })));
