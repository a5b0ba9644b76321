import { unique, type Topology } from "@isthmus/core";
import { whenText } from "./failures.ts";
import type { Failure } from "../model/failure.ts";
import { briefly, isUntouched } from "./wording.ts";
import { relativeTo } from "./relative.ts";
import { severityOf, severities, type Severity } from "./severity.ts";
import type { Assessment } from "../model/verdict.ts";

/** What the same thing befalls: services and failures of whatever site. */
export interface Risk {
  readonly severity: Severity;
  /** `vault`; with its site where only some sites' instances are meant. */
  readonly services: readonly string[];
  /** `losing any host of site-a or site-b`. */
  readonly when: string;
  /** `down, full within 6 min`. */
  readonly verdict: string;
  readonly why: string;
  /** What a person does, in this order; `services` where it is not for all of them. */
  readonly steps: readonly { readonly step: string; readonly services?: readonly string[] }[];
  /** What may be lost for good, by service. */
  readonly data: readonly { readonly service: string; readonly what: string }[];
}

/** A verdict as it reads at the service's own site. */
interface Told {
  readonly id: string;
  readonly site: string | undefined;
  readonly name: string;
  readonly failure: Failure;
  readonly severity: Severity;
  readonly verdict: string;
  readonly why: string;
  readonly steps: readonly string[];
  readonly data: string | undefined;
}

/** Everything that failures do to services, worst first; what sites, failures or services have in common is said once. */
export function risksOf(assessments: readonly Assessment[], topology: Topology): Risk[] {
  const ids = unique(assessments.map(({ service }) => service));
  const told = assessments.filter((assessment) => !isUntouched(assessment)).map((each) => tell(each, topology));
  const alike = grouped(told, ({ severity, verdict, why, failure, site }) =>
    JSON.stringify([severity, verdict, why, isOwn(failure, site) ? "own" : failure]),
  );
  const risks = alike.flatMap((same) => {
    const perName = grouped(same, ({ name, id, failure, site }) => (isOwn(failure, site) ? name : id));
    // Services that the same failures do the same to.
    return grouped(perName, (of) => JSON.stringify(unique(of.map(({ failure }) => JSON.stringify(failure))).sort()))
      .map((group) => group.flat())
      .map((members) => riskOf(members, { ids, topology }));
  });
  return severities.flatMap((severity) => risks.filter((risk) => risk.severity === severity));
}

function tell(assessment: Assessment, topology: Topology): Told {
  const { service, failure, why, untilFull, dataAtRisk } = assessment;
  const slash = service.indexOf("/");
  const site = slash === -1 ? undefined : service.slice(0, slash);
  const local = (text: string): string => (site === undefined ? text : relativeTo(site, topology)(text));
  return {
    id: service,
    site,
    name: service.slice(slash + 1),
    failure,
    severity: severityOf(assessment),
    verdict: briefly(assessment),
    // Without what is left to repair afterwards: the verdict says that it stays degraded.
    why: local(why).replace(/; then degraded: .*$/, ""),
    // One repairs a node or its host.
    steps: untilFull.map((step) => local(step).replaceAll(/lost (?:node|host)/g, "lost machine")),
    data: dataAtRisk === undefined ? undefined : local(dataAtRisk),
  };
}

/** Whether a failure takes something of the service's own site, and nothing else. */
const isOwn = (failure: Failure, site: string | undefined): boolean => "site" in failure && failure.site === site;

function riskOf(members: readonly Told[], { ids, topology }: { ids: readonly string[]; topology: Topology }): Risk {
  const [first] = members;
  if (first === undefined) throw new Error("a risk without services");
  const labelled = labels(members, ids);
  const services = unique(labelled.values());
  const stepsOf = (label: string) =>
    members.filter((each) => labelled.get(each) === label).flatMap(({ steps }) => steps);
  const steps = unique(members.flatMap((each) => each.steps)).map((step) => {
    const who = services.filter((label) => stepsOf(label).includes(step));
    return who.length === services.length ? { step } : { step, services: who };
  });
  const data = unique(
    members.flatMap((each) =>
      each.data === undefined ? [] : [JSON.stringify({ service: labelled.get(each), what: each.data })],
    ),
  ).map((text) => JSON.parse(text) as Risk["data"][number]);
  const { severity, verdict, why } = first;
  const when = whenText(
    members.map(({ failure }) => failure),
    topology,
  );
  return { severity, services, when, verdict, why, steps, data };
}

/** How each service is named: without its site where that is clear, or where every site's is meant. */
function labels(members: readonly Told[], ids: readonly string[]): Map<Told, string> {
  const meant = new Set(members.map(({ id }) => id));
  return new Map(
    members.map((each) => {
      const all = ids.filter((id) => id === each.name || id.endsWith(`/${each.name}`)).every((id) => meant.has(id));
      return [each, isOwn(each.failure, each.site) || all ? each.name : each.id];
    }),
  );
}

function grouped<Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[][] {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return [...groups.values()];
}
