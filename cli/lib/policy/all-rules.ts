import { byId, type Rule } from "@isthmus/core";
import { stackFileRules } from "../../../plan/registry.ts";
import { policyRules } from "../../../policy/rule.ts";
import { rules as packRules } from "../../../policy/rules.ts";
import { rules as cliRules } from "../rules.ts";
// Its rules are in the table once it is loaded.
import "../state/check.ts";

/** A rule as it is told to people and programs. */
export interface TellableRule extends Rule {
  /** Of a policy: whether a violation stops a deployment, unless it is configured otherwise. */
  readonly enforcement?: "advisory" | "mandatory";
}

/** Every rule that a finding can name, in the order of their ids. */
export const allRules: readonly TellableRule[] = [
  ...byId<TellableRule>([
    ...stackFileRules.values(),
    ...cliRules,
    ...policyRules.map((rule) => packRules.find(({ id }) => id === rule.id) ?? rule),
  ]).values(),
].sort((a, b) => (a.id < b.id ? -1 : 1));
