import { isDeepStrictEqual } from "node:util";
import type { SitePlan } from "../../../plan/plans.ts";
import type { PlacedRelease } from "../../../plan/service-plans.ts";
import { factsOf, hashOf, type ReleaseFacts } from "./facts.ts";
import type { Helm } from "./helm.ts";
import { idleValues } from "./idle-values.ts";
import { judgedObjects, judgedRelease, type JudgedObjects, type Judges, type KnownSite } from "./judged.ts";
import { mapAt, objectsIn, textAt, type KubernetesObject } from "./kubernetes.ts";
import { objectsOfPlan, valuesOfPlan } from "./own-objects.ts";
import { chartFolder, chartSource } from "./sources.ts";
import { ObjectChecker } from "./validity/checker.ts";
import { kubernetesVersion, readDefinitions } from "./validity/schema-file.ts";
import { besideAt } from "./webhooks/index.ts";
import { wholeObjects } from "./whole.ts";

/** Renders releases with charts that lie in a folder each, and holds what comes of it to the schemas that lie beside. */
export class Renderer {
  private readonly rendered = new Map<string, readonly KubernetesObject[]>();
  private readonly checkers = new Map<string, ObjectChecker>();

  constructor(
    private readonly sources: string,
    private readonly helm: Helm,
  ) {}

  /**
   * All that can be known of a site. Which values a chart reads takes most of the time: of a release of `known` with the same values,
   * chart and Kubernetes it is not asked again.
   */
  async site(plan: SitePlan, known?: KnownSite): Promise<KnownSite> {
    const judges = await this.judgesOf(plan);
    const releases = new Map<string, ReleaseFacts>();
    for (const release of releasesOf(plan)) {
      const facts = await this.facts(release, plan, judges);
      const before = known?.releases.get(release.name);
      const idle =
        before !== undefined && isOfTheSame(before, facts)
          ? before.idle
          : await idleValues(release.values, (values) => this.text({ ...release, values }, versionOf(plan)));
      releases.set(release.name, { ...facts, idle });
    }
    return { releases, own: ownOf(plan, new Map(), judges) };
  }

  /** The same of a site of whose releases most are known; which values are read is not asked again. */
  async siteBeside(plan: SitePlan, known: KnownSite): Promise<KnownSite> {
    const judges = await this.judgesOf(plan);
    const releases = new Map<string, ReleaseFacts>();
    for (const release of releasesOf(plan)) {
      const same = known.releases.get(release.name);
      const isSame = same?.values === hashOf(release.values);
      releases.set(release.name, isSame ? same : await this.facts(release, plan, judges));
    }
    return { releases, own: ownOf(plan, known.own, judges) };
  }

  /** What the charts make of a site's releases, by the release's name. */
  async objectsOf(plan: SitePlan): Promise<ReadonlyMap<string, readonly KubernetesObject[]>> {
    const found = new Map<string, readonly KubernetesObject[]>();
    for (const release of releasesOf(plan)) found.set(release.name, await this.objects(release, versionOf(plan)));
    return found;
  }

  private async facts(release: PlacedRelease, plan: SitePlan, judges: Judges): Promise<ReleaseFacts> {
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
      judged: judgedRelease(objects, judges),
      ...factsOf(objects, namespace),
      ...(whole.length === 0 ? {} : { whole }),
    };
  }

  /** Whoever says something of an object: the schemas of Kubernetes and of the site's charts, and webhooks, with all that they see. */
  private async judgesOf(plan: SitePlan): Promise<Judges> {
    const all = plan.services.flatMap(objectsOfPlan);
    for (const release of releasesOf(plan)) all.push(...(await this.objects(release, versionOf(plan))));
    const kubernetes = versionOf(plan);
    return { checker: this.checkerOf(all, kubernetes), beside: besideAt(plan, all), kubernetes };
  }

  private checkerOf(all: readonly KubernetesObject[], kubernetes: string): ObjectChecker {
    const crds = all.filter(({ kind }) => kind === "CustomResourceDefinition");
    const byKind = new Map(
      crds.map((crd) => [
        `${textAt(crd, "spec", "group") ?? ""}/${textAt(mapAt(crd, "spec", "names"), "kind") ?? ""}`,
        crd,
      ]),
    );
    const id = [kubernetes, hashOf([...byKind])].join(" ");
    const known = this.checkers.get(id);
    if (known !== undefined) return known;
    const definitions = readDefinitions(this.sources, kubernetes);
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

/** What was kept by an older writer may lack a part. */
function isOfTheSame(before: Partial<ReleaseFacts>, facts: ReleaseFacts): boolean {
  return (
    before.values === facts.values &&
    before.judged?.kubernetes === facts.judged.kubernetes &&
    isDeepStrictEqual(before.chart, facts.chart)
  );
}

const versionOf = ({ facts }: SitePlan): string => kubernetesVersion(facts.kubernetes.version);

const releasesOf = ({ services }: SitePlan): readonly PlacedRelease[] =>
  services.flatMap(({ releases }) => releases.map((release) => ({ ...release, values: valuesOfPlan(release) })));

function ownOf(
  plan: SitePlan,
  known: ReadonlyMap<string, JudgedObjects>,
  { checker, kubernetes }: Judges,
): ReadonlyMap<string, JudgedObjects> {
  return new Map(
    plan.services.map((service) => {
      const objects = objectsOfPlan(service);
      const same = known.get(service.instance);
      const isSame = same !== undefined && same.objects === hashOf(objects);
      return [service.instance, isSame ? same : judgedObjects(objects, checker, kubernetes)];
    }),
  );
}
