import type { Breach, Exception, Law } from "./laws/law.ts";
import type { RenderedSite } from "./site.ts";

/** What came of holding a site's releases to the laws. */
export interface Judgement {
  readonly site: string;
  /** How many laws were held against how many releases. */
  readonly held: number;
  readonly releases: number;
  readonly breaches: readonly (Breach & { readonly law: string })[];
  /** Exceptions that excuse nothing any more. */
  readonly idle: readonly Exception[];
}

/** Holds everything at a site to the laws; what an exception names stands. */
export function judge(site: RenderedSite, laws: readonly Law[], exceptions: readonly Exception[]): Judgement {
  const found = laws.flatMap((law) => law.breaches(site).map((breach) => ({ ...breach, law: law.id })));
  const excuses = (exception: Exception, breach: Breach & { law: string }): boolean =>
    exception.law === breach.law && exception.release === breach.release && exception.at === breach.at;
  const here = new Set([
    ...site.releases.map(({ plan }) => plan.name),
    ...site.own.map(({ service }) => service.instance),
  ]);
  return {
    site: site.plan.facts.name,
    held: laws.length,
    releases: site.releases.length,
    breaches: found.filter((breach) => !exceptions.some((exception) => excuses(exception, breach))),
    idle: exceptions.filter(
      (exception) => here.has(exception.release) && !found.some((breach) => excuses(exception, breach)),
    ),
  };
}
