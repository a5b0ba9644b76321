import { ruleTable, type Rule as RuleOfFindings, type RuleFacts, type SourcePath } from "@isthmus/core";
import type { z } from "zod";
import type { PolicyResource } from "./resource.ts";
import type { StackView } from "./stack-view.ts";

export type Enforcement = "advisory" | "mandatory";

/** What a rule says of one resource, or of one thing in it. */
export type Outcome =
  | { readonly kind: "pass" }
  | {
      readonly kind: "fail";
      /** What is wrong, where; never a secret. */
      readonly message: string;
      /** What to do about it. */
      readonly fix: string;
      /** Where in the stack files; absent: where the resource, or its service or site, comes from. */
      readonly from?: SourcePath | undefined;
    }
  /** The values leave it to the chart or the operator. Counted, never a pass. */
  | { readonly kind: "decided-by-chart"; readonly why: string }
  | { readonly kind: "not-applicable"; readonly reason: string }
  /** It depends on a value that only the deployment will know. */
  | { readonly kind: "unknown"; readonly why: string };

export interface RuleContext<Settings> {
  readonly settings: Settings;
  readonly stack: StackView;
}

/** What a rule of the pack has beside what all rules have. */
interface Judgement<Settings> {
  readonly enforcement: Enforcement;
  /** What can be set by configuration: a strict object, each key with a description and a default. */
  readonly settings: z.ZodType<Settings>;
  /**
   * What an answer depends on: the resource alone, so that the engine stops before it is created; or others as well,
   * so that it is given when all are known.
   */
  readonly scope: "resource" | "stack";
  applies(resource: PolicyResource): boolean;
  /** At least one outcome for a resource that it applies to. */
  check(resource: PolicyResource, context: RuleContext<Settings>): readonly Outcome[];
}

/** A rule: plain data and a pure function. */
export interface Rule<Settings = unknown> extends RuleOfFindings, Judgement<Settings> {}

const table = ruleTable("policy");

/** Rules of all findings of the pack, that of its own configuration among them. */
export const policyRules = table.rules;

/** That of findings about the file that configures the others. */
export const policyConfigurationRule = table.defineRule({
  id: "policy-configuration",
  severity: "medium",
  summary: "The configuration of the policies is in order.",
  fix: "Write what the rule's settings say.",
  docs: "policy/README.md#use",
});

/** Keeps the type of a rule's settings while it is written down, and hides it where rules are handled alike. */
export function defineRule<Settings>({
  id,
  severity,
  summary,
  fix,
  docs,
  ...judgement
}: RuleFacts & Judgement<Settings>): Rule {
  return { ...judgement, ...table.defineRule({ id, severity, summary, fix, docs }) };
}

/** A rule's page, where it is on the web: programs take nothing else. */
export const urlOf = ({ docs }: Pick<Rule, "docs">): { readonly url?: string } =>
  docs.startsWith("https://") ? { url: docs } : {};

export const pass: Outcome = { kind: "pass" };
export const notApplicable = (reason: string): Outcome => ({ kind: "not-applicable", reason });
export const decidedByChart = (why: string): Outcome => ({ kind: "decided-by-chart", why });
export const unknown = (path: string): Outcome => ({
  kind: "unknown",
  why: `${path} is known only when it is deployed`,
});
export const fail = (message: string, fix: string, from?: SourcePath): Outcome => ({
  kind: "fail",
  message,
  fix,
  ...(from === undefined ? {} : { from }),
});
