import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutV } from "../../plan/chart-mirror.ts";
import type { SitePlan } from "../../plan/plans.ts";
import { valuesOfPlan } from "./own-objects.ts";
import { hashOf, type ReleaseFacts } from "./facts.ts";

/** Where the facts of the default stacks are kept, below the project's folder. */
export const keptFolder = "facts/charts";

export function keptText(facts: ReleaseFacts): string {
  return `${JSON.stringify(facts, null, 2)}\n`;
}

/** Writes the facts of a site, in place of those that were there. */
export function keepFacts(folder: string, site: string, facts: readonly ReleaseFacts[]): void {
  const below = join(folder, site);
  for (const name of filesOf(below)) rmSync(join(below, name));
  mkdirSync(below, { recursive: true });
  for (const one of facts) writeFileSync(join(below, `${one.release}.json`), keptText(one));
}

/** The facts of a site that are kept, by release. */
export function readKept(folder: string, site: string): ReadonlyMap<string, ReleaseFacts> {
  const below = join(folder, site);
  return new Map(
    filesOf(below).map((name) => {
      const facts = JSON.parse(readFileSync(join(below, name), "utf8")) as ReleaseFacts;
      return [facts.release, facts];
    }),
  );
}

const filesOf = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];

/** What of the kept facts is of other values, of another chart, or of no release any more. Empty: they are today's. */
export function staleFacts(plan: SitePlan, kept: ReadonlyMap<string, ReleaseFacts>): readonly string[] {
  const releases = plan.services.flatMap((service) => service.releases);
  const names = new Set(releases.map(({ name }) => name));
  return [
    ...releases.flatMap(({ name, chart, ...release }) => {
      const facts = kept.get(name);
      if (facts === undefined) return [`${name}: no facts are kept of it`];
      if (withoutV(facts.chart.version) !== withoutV(chart.version))
        return [`${name}: its facts are of ${chart.name} ${facts.chart.version}, and the pin is ${chart.version}`];
      return facts.values === hashOf(valuesOfPlan(release)) ? [] : [`${name}: its values have changed since`];
    }),
    ...[...kept.keys()].filter((name) => !names.has(name)).map((name) => `${name}: there is no such release any more`),
  ];
}
