import { closest } from "fastest-levenshtein";
import { z } from "zod";
import { below, quote, UserError, type Finding, type SourcePath } from "@isthmus/core";
import { policyConfigurationRule, type Enforcement, type Rule } from "./rule.ts";
import { rules as allRules } from "./rules.ts";

/** A rule with what the configuration says of it. */
export interface RuleSetup {
  readonly rule: Rule;
  readonly enforcement: Enforcement | "disabled";
  readonly settings: unknown;
}

export interface SetupOptions {
  readonly rules?: readonly Rule[] | undefined;
  /** As in a file for `pulumi --policy-pack-config`: `{rule: level}` or `{rule: {enforcementLevel, …settings}}`, and `all`. */
  readonly config?: unknown;
  /** The name of that file, for messages. */
  readonly configFile?: string | undefined;
}

const level = z.enum(["advisory", "mandatory", "disabled"]);
const entry = z.union([
  level.transform((enforcementLevel) => ({ enforcementLevel })),
  z.looseObject({ enforcementLevel: level.optional() }),
]);

/** The rules as configured. Throws a `UserError` with everything that is wrong with the configuration. */
export function setUp({
  rules = allRules,
  config = {},
  configFile = "policy-config.json",
}: SetupOptions = {}): RuleSetup[] {
  const root: SourcePath = `${configFile}#`;
  const findings: Finding[] = [];
  const file = z.record(z.string(), z.unknown()).safeParse(config);
  if (!file.success)
    findings.push(finding(root, `${quote(config)} is not a map of rules`, 'Write {"<rule>": "advisory"}.'));
  const entries = file.data ?? {};
  findings.push(...unknownRules(Object.keys(entries), rules, root));
  const all = readEntry(entries["all"] ?? {}, below(root, "all"), findings);
  const setups = rules.map((rule): RuleSetup => {
    const at = below(root, rule.id);
    const { enforcementLevel, ...given } = readEntry(entries[rule.id] ?? {}, at, findings);
    const settings = rule.settings.safeParse(given);
    if (!settings.success) findings.push(...settings.error.issues.map((issue) => toFinding(at, issue, given)));
    return { rule, enforcement: enforcementLevel ?? all.enforcementLevel ?? rule.enforcement, settings: settings.data };
  });
  if (findings.length > 0)
    throw new UserError(`${configFile}: the configuration of the policies has mistakes`, findings);
  return setups;
}

function readEntry(value: unknown, at: SourcePath, findings: Finding[]): z.output<typeof entry> {
  const read = entry.safeParse(value);
  if (read.success) return read.data;
  findings.push(
    finding(
      at,
      `${quote(value)} is no setting of a rule`,
      "Write advisory, mandatory, disabled, or a map with enforcementLevel.",
    ),
  );
  return {};
}

function unknownRules(names: readonly string[], rules: readonly Rule[], root: SourcePath): Finding[] {
  const known = ["all", ...rules.map((rule) => rule.id)];
  return names
    .filter((name) => !known.includes(name))
    .map((name) =>
      finding(below(root, name), `there is no rule ${quote(name)}`, `Did you mean ${closest(name, known)}?`),
    );
}

function toFinding(at: SourcePath, issue: z.core.$ZodIssue, given: unknown): Finding {
  const keys = issue.path.map(String);
  const value = keys.reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], given);
  return finding(
    below(at, ...keys),
    `${issue.message}; it says ${quote(value)}`,
    "See the rule's settings in the docs.",
  );
}

function finding(at: SourcePath, problem: string, fix: string): Finding {
  return { rule: policyConfigurationRule.id, at, problem, fix };
}
