import { readStep, relativeTo } from "@isthmus/availability";
import { unique, type Topology } from "@isthmus/core";

/** A line that some sites have in common. */
export interface Common {
  /** As it is said of the first of them. */
  readonly line: string;
  readonly sites: readonly string[];
}

/** What is said of each site, where it differs in names of sites only said once; in the order in which it is said first. */
export function inCommon(perSite: Readonly<Record<string, readonly string[]>>, topology: Topology): Common[] {
  const said = Object.entries(perSite).flatMap(([site, lines]) =>
    lines.map((line) => ({ site, line, key: keyOf(line, site, topology) })),
  );
  return unique(said.map(({ key }) => key)).map((key) => {
    const alike = said.filter((each) => each.key === key);
    return { line: alike[0]?.line ?? "", sites: unique(alike.map(({ site }) => site)) };
  });
}

const keyOf = (line: string, site: string, topology: Topology): string => relativeTo(site, topology)(line);

/** The same line as it reads at every site that it is said of; a command that names its site reads well at that site alone. */
export function readsAlike({ line, sites }: Common, topology: Topology): string | undefined {
  const [site] = sites;
  if (site === undefined || sites.length === 1) return line;
  const relative = relativeTo(site, topology);
  const { command } = readStep(line);
  return command === undefined || relative(command) === command ? relative(line) : undefined;
}
