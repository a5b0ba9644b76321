import { getAt, peerValuesNeeded, unique, type Finding, type SourcePath } from "@isthmus/core";
import type { PlannedSite } from "./claims.ts";
import { defineRule } from "../rules.ts";

const peerLacksRule = defineRule({
  id: "peer-lacks",
  severity: "high",
  summary: "What a service needs of another site is offered there.",
  fix: "Add what offers it to the other site.",
  docs: "docs/guide/reach-between-sites.md#reach-between-sites",
});

/** What sites offer in any case. */
const always = ["ingressAddresses", "overlayAddresses"];

/** What offers each part of a site's outputs, for messages. */
const suggestions: Readonly<Record<string, string>> = {
  objectStore: "minio",
  metrics: "federation of monitoring",
  secretStore: "vault",
};

interface Lack {
  readonly peer: string;
  /** The part of the other site's outputs. */
  readonly part: string;
  readonly instance: string;
  readonly from: SourcePath;
}

/**
 * What a site needs of another is something that the other one offers: or it would wait for ever, backups among it. A
 * site in `unfinished` is not asked: it may offer more when its own mistakes are fixed.
 */
export function checkLinks(sites: readonly PlannedSite[], unfinished: ReadonlySet<string>): Finding[] {
  return sites.flatMap((site) => {
    const lacks = lacksOf(site, sites).filter(({ peer }) => !unfinished.has(peer));
    return unique(lacks.map(({ peer, part }) => `${peer} ${part}`)).flatMap((key) =>
      toFinding(lacks.filter(({ peer, part }) => `${peer} ${part}` === key)),
    );
  });
}

function lacksOf({ services }: PlannedSite, sites: readonly PlannedSite[]): Lack[] {
  return services.flatMap(({ instance, objects, from }) =>
    peerValuesNeeded(objects.map(({ manifest }) => manifest))
      .filter(({ $peer, output }) => !offers(sites, $peer, output))
      .map(({ $peer, output }) => ({ peer: $peer, part: output.split(".")[0] ?? output, instance, from })),
  );
}

function offers(sites: readonly PlannedSite[], peer: string, output: string): boolean {
  const services = sites.find(({ facts }) => facts.name === peer)?.services ?? [];
  return always.includes(output) || services.some(({ exports }) => getAt(exports, output) !== undefined);
}

function toFinding(lacks: readonly Lack[]): Finding[] {
  const [first] = lacks;
  if (first === undefined) return [];
  const { peer, part, from } = first;
  const users = unique(lacks.map(({ instance }) => instance)).join(" and ");
  const problem = `"${part}" of ${peer} is needed by ${users}, and no service of ${peer} offers it: it would be waited for, and never come`;
  return [
    { rule: peerLacksRule.id, at: from, problem, fix: `add ${suggestions[part] ?? "what offers it"} to ${peer}` },
  ];
}
