import {
  PolicyPack,
  type Policies,
  type PolicyConfigSchema,
  type ReportViolation,
  type ResourceValidationArgs,
} from "@pulumi/policy";
import { z } from "zod";
import { toPlain } from "./engine-values.ts";
import { answersTo } from "./evaluate.ts";
import type { PolicyResource, Props } from "./resource.ts";
import { urlOf, type Outcome, type Rule } from "./rule.ts";
import { rules } from "./rules.ts";
import { viewOf, type StackView } from "./stack-view.ts";

type Policy = Policies[number];

/**
 * The inputs of every resource that the engine has shown so far, parents first. Rules about a stack need them: what the
 * engine shows at the end are outputs, which components have none of and a first preview does not know.
 */
const inputs = new Map<string, PolicyResource>();

const keepInputs: Policy = {
  name: "keep-inputs",
  description: "Keeps the inputs of resources for the rules that look at several of them; it reports nothing.",
  enforcementLevel: "advisory",
  validateResource: (shown) => {
    inputs.set(shown.urn, toResource(shown));
  },
};

function toResource({ type, name, urn, opts, props }: ResourceValidationArgs): PolicyResource {
  return { type, name, urn, parent: opts.parent, props: toPlain(props) as Props };
}

function toPolicy(rule: Rule): Policy {
  const facts = {
    name: rule.id,
    description: rule.summary,
    severity: rule.severity,
    enforcementLevel: rule.enforcement,
    remediationSteps: rule.fix,
    configSchema: toConfigSchema(rule),
    ...urlOf(rule),
  };
  if (rule.scope === "stack") {
    return {
      ...facts,
      validateStack: (shown, report) => {
        const settings = rule.settings.parse(toPlain(shown.getConfig()));
        const present = shown.resources.map(({ urn }) => inputs.get(urn)).filter((kept) => kept !== undefined);
        if (present.length < shown.resources.length) report(inputsMissing);
        const stack = viewOf(new Map(present.map((kept) => [kept.urn, kept])));
        for (const resource of present) tell({ rule, resource, stack, settings }, report);
      },
    };
  }
  return {
    ...facts,
    validateResource: (shown, report) => {
      const resource = inputs.get(shown.urn) ?? toResource(shown);
      if (!rule.applies(resource)) return;
      tell(
        { rule, resource, stack: viewOf(inputs), settings: rule.settings.parse(toPlain(shown.getConfig())) },
        report,
      );
    },
  };
}

const inputsMissing =
  "The inputs of the resources were not kept, so nothing can be checked: enable the policy keep-inputs.";

interface Question {
  readonly rule: Rule;
  readonly resource: PolicyResource;
  readonly stack: StackView;
  readonly settings: unknown;
}

function tell({ rule, resource, stack, settings }: Question, report: ReportViolation): void {
  for (const { outcome } of answersTo({ rule, enforcement: rule.enforcement, settings }, resource, stack)) {
    if (outcome.kind === "fail") report(describe(outcome), resource.urn);
    if (outcome.kind === "unknown") adviseWith(report)({ ...advice(outcome.why), urn: resource.urn });
  }
}

function describe({ message, fix, from }: Extract<Outcome, { kind: "fail" }>): string {
  return `${message}\n${fix}${from === undefined ? "" : `\nIt comes from ${from}`}`;
}

/** The SDK takes a violation with a level of its own, too; its types do not say so. */
function adviseWith(report: ReportViolation) {
  return report as unknown as (violation: { message: string; enforcementLevel: "advisory"; urn: string }) => void;
}

function advice(why: string): { message: string; enforcementLevel: "advisory" } {
  return { message: `cannot be answered yet: ${why}`, enforcementLevel: "advisory" };
}

function toConfigSchema(rule: Rule): PolicyConfigSchema {
  const { properties = {} } = z.toJSONSchema(rule.settings, { io: "input" });
  return { properties: properties as PolicyConfigSchema["properties"] };
}

new PolicyPack("isthmus", { policies: [keepInputs, ...rules.map(toPolicy)] });
