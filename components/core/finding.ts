import type { SourcePath } from "./source-path.ts";

/** What is at stake where a rule is broken: `critical` is data, a secret or an open door; `low` is a matter of form. */
export type Severity = "low" | "medium" | "high" | "critical";

declare const definedByARule: unique symbol;

/** The id of a rule. Only {@link RuleTable.defineRule} makes one, so that each stands once in the code. */
export type RuleId = string & { readonly [definedByARule]: true };

/** What a rule says of itself, for reports and docs. */
export interface RuleFacts {
  /** Kebab case, unique in the whole project. */
  readonly id: string;
  readonly severity: Severity;
  /** What must hold, in one sentence. */
  readonly summary: string;
  /** What to do where it does not hold, in general. A finding may say it more precisely. */
  readonly fix: string;
  /** A page with more about it: a URL, or a file of this project with an anchor. */
  readonly docs: string;
  /**
   * Sections of the stack files, such as `nodes`, that must be free of mistakes for a finding to be true: what is wrong is
   * taken out before rules across fields are asked. `[]`: it is true whatever was taken out. Default: all of them.
   */
  readonly needsWhole?: readonly string[];
  /** It says that a name is nowhere: places that name the same are told as one. Default: each place by itself. */
  readonly oncePerName?: true;
}

export interface Rule extends RuleFacts {
  readonly id: RuleId;
  /** The package that defines it. */
  readonly from: string;
}

/** The rules of one package: each is in `rules` from the moment that it is defined. */
export interface RuleTable {
  readonly rules: readonly Rule[];
  /** Throws where the package has a rule of that id already. */
  readonly defineRule: (facts: RuleFacts) => Rule;
}

export function ruleTable(from: string): RuleTable {
  const rules: Rule[] = [];
  const defineRule = (facts: RuleFacts): Rule => {
    const rule: Rule = { ...facts, id: facts.id as RuleId, from };
    byId([...rules, rule]);
    rules.push(rule);
    return rule;
  };
  return { rules, defineRule };
}

/** Rules by their ids. Throws where two have the same. */
export function byId<Each extends Rule>(rules: readonly Each[]): ReadonlyMap<string, Each> {
  const known = new Map<string, Each>();
  for (const rule of rules) {
    const other = known.get(rule.id);
    if (other !== undefined) throw new Error(`two rules are called ${rule.id}: of ${other.from} and of ${rule.from}`);
    known.set(rule.id, rule);
  }
  return known;
}

/** One thing that is wrong with what the user gave us. */
export interface Finding {
  /** The rule that was broken. */
  readonly rule: RuleId;
  /** Where in the stack files. */
  readonly at: SourcePath;
  /** What is wrong; quotes the bad value. */
  readonly problem: string;
  /** What to do about it. */
  readonly fix: string;
}
