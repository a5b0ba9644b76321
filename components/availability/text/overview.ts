import { formatSeconds, unique } from "@isthmus/core";
import type { Failure, FailureKind } from "../model/failure.ts";
import { isUntouched } from "./wording.ts";
import { severities, severityOf, type Severity } from "./severity.ts";
import type { Assessment } from "../model/verdict.ts";

/** What the worst failure of one kind does to how many services. */
export interface KindOfFailure {
  readonly kind: FailureKind;
  /** `any host`. */
  readonly lost: string;
  readonly worst: Severity | "unaffected";
  /** `2 down for up to 17 min, 6 degraded, 11 unaffected`. */
  readonly text: string;
}

const lost: Readonly<Record<FailureKind, string>> = {
  node: "any node",
  host: "any host",
  site: "any site",
  link: "the link between the sites",
  everything: "power everywhere",
};

/** One line for each kind of failure. */
export function overviewOf(assessments: readonly Assessment[]): KindOfFailure[] {
  const kinds = unique(assessments.map(({ failure }) => failure.kind));
  return kinds.map((kind) => {
    const perFailure = new Map<Failure, Assessment[]>();
    for (const each of assessments.filter(({ failure }) => failure.kind === kind))
      perFailure.set(each.failure, [...(perFailure.get(each.failure) ?? []), each]);
    const tallies = [...perFailure.values()].map(tallyOf);
    const worst = tallies.reduce((one, other) => (compareTallies(other, one) > 0 ? other : one));
    return {
      kind,
      lost: lost[kind],
      worst: severities.find((severity) => worst[severity].length > 0) ?? "unaffected",
      text: textOf(worst),
    };
  });
}

type Tally = Readonly<Record<Severity | "unaffected", readonly Assessment[]>>;

function tallyOf(assessments: readonly Assessment[]): Tally {
  const of = (severity: Severity | "unaffected") =>
    assessments.filter((each) => (isUntouched(each) ? "unaffected" : severityOf(each)) === severity);
  return {
    "manual action": of("manual action"),
    down: of("down"),
    "read-only": of("read-only"),
    degraded: of("degraded"),
    unaffected: of("unaffected"),
  };
}

function compareTallies(one: Tally, other: Tally): number {
  const differing = severities.find((severity) => one[severity].length !== other[severity].length);
  return differing === undefined ? 0 : one[differing].length - other[differing].length;
}

function textOf(tally: Tally): string {
  const said = (severity: Severity, what: string): string[] => {
    const { length } = tally[severity];
    return length === 0 ? [] : [`${length} ${what}`];
  };
  const unaffected = tally.unaffected.length;
  if (severities.every((severity) => tally[severity].length === 0)) return "all unaffected";
  return [
    ...said("manual action", tally["manual action"].length === 1 ? "needs manual action" : "need manual action"),
    ...said("down", `down for up to ${longest(tally.down)}`),
    ...said("read-only", `read-only for up to ${longest(tally["read-only"])}`),
    ...said("degraded", "degraded"),
    ...(unaffected === 0 ? [] : [`${unaffected} unaffected`]),
  ].join(", ");
}

const longest = (assessments: readonly Assessment[]): string =>
  formatSeconds(Math.max(0, ...assessments.map(({ returns }) => (returns.by === "itself" ? returns.within : 0))));
