import type { RuleId } from "@isthmus/core";
import { z } from "zod";
import { says, count, sourcePath } from "./document-words.ts";

const ruleName = says("The rule's name.");
const severity = z.enum(["low", "medium", "high", "critical"]).describe("How much harm a violation does.");
const levels = ["advisory", "mandatory"] as const;

const policyRule = z.strictObject({
  rule: ruleName,
  description: says("What the rule demands."),
  severity,
  enforcement: z
    .enum([...levels, "disabled"])
    .describe("advisory: a violation is reported. mandatory: nothing is deployed. disabled: the rule is not asked."),
  remediation: says("How a violation is fixed."),
  url: says("A page with more about the rule.").optional(),
  counts: z
    .strictObject({
      pass: count("Answers that the rule holds."),
      fail: count("Answers that it is violated."),
      decidedByChart: count("Answers that the values leave it to the chart: never a pass."),
      notApplicable: count("Answers that the rule has nothing to say of the resource."),
      unknown: count("Answers that depend on a value that only a deployment knows."),
    })
    .describe("How many answers of each kind the rule gave."),
});

const policyFailure = z.strictObject({
  // Only rules make ids; in a document that is read anew they are texts.
  rule: ruleName as unknown as z.ZodType<RuleId>,
  severity,
  enforcement: z.enum(levels).describe("advisory: it is reported. mandatory: nothing is deployed."),
  message: says("What is wrong."),
  fix: says("What to do about it."),
  urn: says("URN of the resource that violates the rule."),
  from: sourcePath.optional(),
});

export const policy = z.strictObject({
  rules: z.array(policyRule).describe("Every rule of the pack, with what it answered."),
  failures: z.array(policyFailure).describe("Every violation."),
  blocked: z.boolean().describe("Whether a mandatory rule is violated, so that nothing may be deployed."),
});
