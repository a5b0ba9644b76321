import type { RuleId, Severity, SourcePath } from "@isthmus/core";
import type { PolicyResource } from "./resource.ts";
import { urlOf, type Enforcement, type Outcome, type Rule } from "./rule.ts";
import { setUp, type RuleSetup, type SetupOptions } from "./setup.ts";
import { sourceOf, viewOf, type StackView } from "./stack-view.ts";

/** How many answers of each kind a rule gave. */
export interface Counts {
  readonly pass: number;
  readonly fail: number;
  readonly decidedByChart: number;
  readonly notApplicable: number;
  readonly unknown: number;
}

/** An answer of a rule. */
export interface Answer {
  readonly rule: Rule;
  readonly enforcement: Enforcement;
  readonly resource: PolicyResource;
  /** A failure's `from` is filled in from the resource's parents. */
  readonly outcome: Outcome;
}

/** A violation, as reports show it. */
export interface Failure {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly enforcement: Enforcement;
  readonly message: string;
  readonly fix: string;
  readonly urn: string;
  /** Where in the stack files; absent where nothing says so, as in a state file of other programs. */
  readonly from?: SourcePath | undefined;
}

export interface RuleSummary {
  readonly rule: string;
  readonly description: string;
  readonly severity: Severity;
  readonly enforcement: Enforcement | "disabled";
  readonly remediation: string;
  readonly url?: string | undefined;
  readonly counts: Counts;
}

/** What the pack says of a stack: plain data. */
export interface Evaluation {
  readonly rules: readonly RuleSummary[];
  readonly failures: readonly Failure[];
  /** Whether a mandatory rule failed, so that nothing may be deployed. */
  readonly blocked: boolean;
}

/** Checks all resources of a stack. Throws a `UserError` when the configuration is wrong. */
export function evaluate(resources: readonly PolicyResource[], options: SetupOptions = {}): Evaluation {
  const setups = setUp(options);
  const stack = viewOf(new Map(resources.map((resource) => [resource.urn, resource])));
  const answers = setups.flatMap((setup) => resources.flatMap((resource) => answersTo(setup, resource, stack)));
  return summarise(setups, answers);
}

/** What one rule says of one resource: nothing where it is disabled or does not apply. */
export function answersTo(setup: RuleSetup, resource: PolicyResource, stack: StackView): Answer[] {
  const { rule, enforcement, settings } = setup;
  if (enforcement === "disabled" || !rule.applies(resource)) return [];
  return rule.check(resource, { settings, stack }).map((outcome) => ({
    rule,
    enforcement,
    resource,
    outcome: outcome.kind === "fail" ? { ...outcome, from: outcome.from ?? sourceOf(resource, stack) } : outcome,
  }));
}

/** Answers as counts and failures. Exceptions, when they come as data, change the answers before this. */
export function summarise(setups: readonly RuleSetup[], answers: readonly Answer[]): Evaluation {
  const failures = answers.flatMap(toFailure);
  return {
    rules: setups.map(({ rule, enforcement }) => ({
      rule: rule.id,
      description: rule.summary,
      severity: rule.severity,
      enforcement,
      remediation: rule.fix,
      ...urlOf(rule),
      counts: countOf(answers.filter((answer) => answer.rule === rule)),
    })),
    failures,
    blocked: failures.some((failure) => failure.enforcement === "mandatory"),
  };
}

function countOf(answers: readonly Answer[]): Counts {
  const of = (kind: Outcome["kind"]) => answers.filter((answer) => answer.outcome.kind === kind).length;
  return {
    pass: of("pass"),
    fail: of("fail"),
    decidedByChart: of("decided-by-chart"),
    notApplicable: of("not-applicable"),
    unknown: of("unknown"),
  };
}

function toFailure({ rule, enforcement, resource, outcome }: Answer): Failure[] {
  if (outcome.kind !== "fail") return [];
  const { message, fix, from } = outcome;
  const { id, severity } = rule;
  return [
    { rule: id, severity, enforcement, message, fix, urn: resource.urn, ...(from === undefined ? {} : { from }) },
  ];
}
