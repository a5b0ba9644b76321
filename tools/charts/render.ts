import type { SitePlan } from "../../plan/plans.ts";
import type { PlacedRelease } from "../../plan/service-plans.ts";
import { factsOf, hashOf, type ReleaseFacts } from "./facts.ts";
import type { Helm } from "./helm.ts";
import { idleValues } from "./idle-values.ts";
import { judged, judgedObjects, type JudgedObjects, type KnownSite } from "./judged.ts";
import { mapAt, objectsIn, textAt, type KubernetesObject } from "./kubernetes.ts";
import { objectsOfPlan, valuesOfPlan } from "./own-objects.ts";
import { chartFolder, chartSource } from "./sources.ts";
import { ObjectChecker } from "./validity/checker.ts";
import { kubernetesVersion, readDefinitions } from "./validity/schema-file.ts";
import { wholeObjects } from "./whole.ts";

/** Renders releases with charts that lie in a folder each, and holds what comes of it to the schemas that lie beside. */
export class Renderer {
  private readonly rendered = new Map<string, readonly KubernetesObject[]>();
  private readonly checkers = new Map<string, ObjectChecker>();

  constructor(
    private readonly sources: string,
    private readonly helm: Helm,
  ) {}

  /** All that can be known of a site. */
  async site(plan: SitePlan): Promise<KnownSite> {
    const checker = await this.checkerOf(plan);
    const releases = new Map<string, ReleaseFacts>();
    for (const release of releasesOf(plan)) {
      const idle = await idleValues(release.values, (values) => this.text({ ...release, values }, versionOf(plan)));
      releases.set(release.name, { ...(await this.facts(release, plan, checker)), idle });
    }
    return { releases, own: ownOf(plan, new Map(), checker) };
  }

  /** The same of a site of whose releases most are known; which values are read is not asked again. */
  async siteBeside(plan: SitePlan, known: KnownSite): Promise<KnownSite> {
    const checker = await this.checkerOf(plan);
    const releases = new Map<string, ReleaseFacts>();
    for (const release of releasesOf(plan)) {
      const same = known.releases.get(release.name);
      const isSame = same?.values === hashOf(release.values);
      releases.set(release.name, isSame ? same : await this.facts(release, plan, checker));
    }
    return { releases, own: ownOf(plan, known.own, checker) };
  }

  private async facts(release: PlacedRelease, plan: SitePlan, checker: ObjectChecker): Promise<ReleaseFacts> {
    const { name, namespace, values } = release;
    const objects = await this.objects(release, versionOf(plan));
    const chart = chartSource(chartFolder(this.sources, release.chart));
    const whole = wholeObjects(chart.name, objects);
    return {
      release: name,
      namespace,
      chart,
      values: hashOf(values),
      idle: [],
      judged: judged(objects, checker, versionOf(plan)),
      ...factsOf(objects, namespace),
      ...(whole.length === 0 ? {} : { whole }),
    };
  }

  /** Knows the kinds of Kubernetes and those that the site's charts bring. */
  private async checkerOf(plan: SitePlan): Promise<ObjectChecker> {
    const crds: KubernetesObject[] = [];
    for (const release of releasesOf(plan)) {
      const objects = await this.objects(release, versionOf(plan));
      crds.push(...objects.filter(({ kind }) => kind === "CustomResourceDefinition"));
    }
    const byKind = new Map(
      crds.map((crd) => [
        `${textAt(crd, "spec", "group") ?? ""}/${textAt(mapAt(crd, "spec", "names"), "kind") ?? ""}`,
        crd,
      ]),
    );
    const id = [versionOf(plan), hashOf([...byKind])].join(" ");
    const known = this.checkers.get(id);
    if (known !== undefined) return known;
    const definitions = readDefinitions(this.sources, versionOf(plan));
    const checker = new ObjectChecker({ definitions, crd: (group, kind) => byKind.get(`${group}/${kind}`) });
    this.checkers.set(id, checker);
    return checker;
  }

  private async objects(release: PlacedRelease, version: string): Promise<readonly KubernetesObject[]> {
    const id = [release.name, release.namespace, version, hashOf(release.values)].join(" ");
    const known = this.rendered.get(id) ?? objectsIn(await this.text(release, version));
    this.rendered.set(id, known);
    return known;
  }

  private text({ name, namespace, values, chart }: PlacedRelease, version: string): Promise<string> {
    return this.helm.template({ name, namespace, values }, chartFolder(this.sources, chart), version);
  }
}

const versionOf = ({ facts }: SitePlan): string => kubernetesVersion(facts.kubernetes.version);

const releasesOf = ({ services }: SitePlan): readonly PlacedRelease[] =>
  services.flatMap(({ releases }) => releases.map((release) => ({ ...release, values: valuesOfPlan(release) })));

function ownOf(
  plan: SitePlan,
  known: ReadonlyMap<string, JudgedObjects>,
  checker: ObjectChecker,
): ReadonlyMap<string, JudgedObjects> {
  return new Map(
    plan.services.map((service) => {
      const objects = objectsOfPlan(service);
      const same = known.get(service.instance);
      const isSame = same !== undefined && same.objects === hashOf(objects);
      return [service.instance, isSame ? same : judgedObjects(objects, checker, versionOf(plan))];
    }),
  );
}
