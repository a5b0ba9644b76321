import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutV } from "../../../plan/chart-mirror.ts";
import type { SitePlan } from "../../../plan/plans.ts";
import { hashOf, type ReleaseFacts } from "./facts.ts";
import type { JudgedObjects, KnownSite } from "./judged.ts";
import { objectsOfPlan, valuesOfPlan } from "./own-objects.ts";
import { kubernetesVersion } from "./validity/schema-file.ts";

/** Where the facts of the default stacks are kept, below the project's folder. */
const keptFolder = "facts";

const releasesFolder = (folder: string, site: string): string => join(folder, keptFolder, "charts", site);
const objectsFile = (folder: string, site: string): string => join(folder, keptFolder, "objects", `${site}.json`);

/** What is kept of a site, by the path of the file below the project's folder. */
export function keptTexts(site: string, { releases, own }: KnownSite): ReadonlyMap<string, string> {
  const text = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;
  return new Map([
    ...[...releases].map(([name, facts]) => [join(releasesFolder("", site), `${name}.json`), text(facts)] as const),
    [objectsFile("", site), text(Object.fromEntries(own))],
  ]);
}

/** Writes the facts of a site, in place of those that were there. */
export function keepFacts(folder: string, site: string, known: KnownSite): void {
  const below = releasesFolder(folder, site);
  for (const name of filesOf(below)) rmSync(join(below, name));
  mkdirSync(below, { recursive: true });
  mkdirSync(join(folder, keptFolder, "objects"), { recursive: true });
  for (const [path, text] of keptTexts(site, known)) writeFileSync(join(folder, path), text);
}

/** The facts of a site that are kept. */
export function readKept(folder: string, site: string): KnownSite {
  const below = releasesFolder(folder, site);
  const own = objectsFile(folder, site);
  const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
  const releases = filesOf(below).map((name) => read(join(below, name)) as ReleaseFacts);
  return {
    releases: new Map(releases.map((facts) => [facts.release, facts])),
    own: new Map(existsSync(own) ? Object.entries(read(own) as Record<string, JudgedObjects>) : []),
  };
}

const filesOf = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];

/** What of the kept facts is of other values or objects, of another chart or Kubernetes, or of nothing any more. Empty: they are today's. */
export function staleFacts(plan: SitePlan, kept: KnownSite): readonly string[] {
  return [...staleReleases(plan, kept), ...staleObjects(plan, kept)];
}

function staleReleases({ services, facts: { kubernetes } }: SitePlan, kept: KnownSite): readonly string[] {
  const releases = services.flatMap((service) => service.releases);
  const names = new Set(releases.map(({ name }) => name));
  const version = kubernetesVersion(kubernetes.version);
  return [
    ...releases.flatMap(({ name, chart, ...release }) => {
      const facts = kept.releases.get(name);
      if (facts === undefined) return [`${name}: no facts are kept of it`];
      if (withoutV(facts.chart.version) !== withoutV(chart.version))
        return [`${name}: its facts are of ${chart.name} ${facts.chart.version}, and the pin is ${chart.version}`];
      // Facts of before objects were judged say nothing of it.
      const { judged } = facts as Partial<ReleaseFacts>;
      if (judged?.kubernetes !== version)
        return [
          `${name}: its objects were held to the schema of ${judged?.kubernetes ?? "nothing"}, and the site has ${version}`,
        ];
      return facts.values === hashOf(valuesOfPlan(release)) ? [] : [`${name}: its values have changed since`];
    }),
    ...[...kept.releases.keys()]
      .filter((name) => !names.has(name))
      .map((name) => `${name}: there is no such release any more`),
  ];
}

function staleObjects({ services, facts: { kubernetes } }: SitePlan, kept: KnownSite): readonly string[] {
  const version = kubernetesVersion(kubernetes.version);
  const instances = new Set(services.map(({ instance }) => instance));
  return [
    ...services.flatMap((service) => {
      const known = kept.own.get(service.instance);
      const same = known?.objects === hashOf(objectsOfPlan(service)) && known.kubernetes === version;
      return same
        ? []
        : [`${service.instance}: its own objects were never held to the schemas of their kinds as they are`];
    }),
    ...[...kept.own.keys()]
      .filter((one) => !instances.has(one))
      .map((one) => `${one}: there is no such service any more`),
  ];
}
