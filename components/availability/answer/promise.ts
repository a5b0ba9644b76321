import { unknownServiceRule, type Finding, type SourcePath } from "@isthmus/core";
import { alternativeTo } from "./alternative.ts";
import { describeFailure, type Failure, type FailureKind } from "../model/failure.ts";
import type { FleetFootprint } from "../model/fleet.ts";
import { serves, type Assessment } from "../model/verdict.ts";
import { defineRule } from "../rules.ts";

const brokenPromiseRule = defineRule({
  id: "broken-promise",
  severity: "high",
  summary: "What a stack file promises of a service survives the failures that it names.",
  fix: "Change what the finding names, or take the failure out of the promise.",
  docs: "docs/reference/site.md#promises",
});

/** What a stack file promises of a service: `promises: {vault: [node, host, site]}`. */
export interface Promised {
  /** An instance's name, at whatever site, or the id of one. */
  readonly service: string;
  readonly survives: readonly FailureKind[];
  readonly from: SourcePath;
}

/**
 * Promises that do not hold, one finding for each kind of failure, with an alternative that does. A promise holds if the
 * service can be read and written without a person after every failure of that kind. When a site is lost, an instance
 * that stands there is excused if another instance of the same name goes on elsewhere.
 */
export function brokenPromises(
  fleet: FleetFootprint,
  assessments: readonly Assessment[],
  promises: readonly Promised[],
): Finding[] {
  return promises.flatMap((promised) => {
    const instances = new Set(fleet.services.map((each) => each.id).filter((id) => isOf(id, promised.service)));
    if (instances.size === 0) return [unknownService(promised, fleet)];
    const own = assessments.filter((assessment) => instances.has(assessment.service));
    return promised.survives.flatMap((kind) => brokenBy(kind, { promised, own, fleet, assessments }));
  });
}

/** Whether no promise of it is broken. */
export function keepsPromise(fleet: FleetFootprint, assessments: readonly Assessment[], promised: Promised): boolean {
  return brokenPromises(fleet, assessments, [promised]).length === 0;
}

const isOf = (id: string, name: string): boolean => id === name || id.endsWith(`/${name}`);

interface Breach {
  readonly promised: Promised;
  readonly own: readonly Assessment[];
  readonly fleet: FleetFootprint;
  readonly assessments: readonly Assessment[];
}

function brokenBy(kind: FailureKind, { promised, own, fleet, assessments }: Breach): Finding[] {
  const concerned = own.filter(({ failure }) => failure.kind === kind);
  const broken = concerned.filter((each) => !serves(each.after) && !isExcused(each, { own: concerned, fleet }));
  const [first] = broken;
  if (first === undefined) return [];
  const failures = new Set(broken.map((each) => each.failure)).size;
  const more =
    failures > 1 ? ` (and after ${failures - 1} more ${failures === 2 ? "failure" : "failures"} of the kind)` : "";
  return [
    {
      rule: brokenPromiseRule.id,
      at: promised.from,
      problem: `${promised.service} is promised to survive ${kindText[kind]}; when ${describeFailure(first.failure)}, ${first.service} is ${first.after}${more}: ${first.why}`,
      fix: `${alternativeTo(first, fleet, assessments)}; or take ${kind} out of the promise`,
    },
  ];
}

const kindText: Readonly<Record<FailureKind, string>> = {
  node: "the loss of any node",
  host: "the loss of any physical host",
  site: "the loss of any site",
  link: "a cut of the link between the sites",
  everything: "a power cut",
};

/** Whether an instance is down only with its site, while another one of the name goes on. */
function isExcused({ failure, service }: Assessment, { own, fleet }: Pick<Breach, "own" | "fleet">): boolean {
  const site = fleet.services.find((each) => each.id === service)?.site;
  if (failure.kind !== "site" || site !== failure.site) return false;
  return own.some((other) => other.service !== service && isSame(other.failure, failure) && serves(other.after));
}

const isSame = (a: Failure, b: Failure): boolean => JSON.stringify(a) === JSON.stringify(b);

function unknownService({ service, from }: Promised, fleet: FleetFootprint): Finding {
  return {
    rule: unknownServiceRule.id,
    at: from,
    problem: `a promise is made for ${JSON.stringify(service)}, and no service has that name`,
    fix: `name one of: ${[...new Set(fleet.services.map((each) => each.id.split("/").at(-1) ?? ""))].join(", ")}`,
  };
}
