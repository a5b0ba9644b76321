import type { Style } from "../terminal/style.ts";
import { table, wrapped } from "../terminal/layout.ts";
import type { TellableRule } from "./all-rules.ts";

/** Rules as a table: id, severity, and what must hold. */
export function rulesText(rules: readonly TellableRule[], style: Pick<Style, "columns">): string {
  return table(
    rules.map(({ id, severity, summary, enforcement }) => [
      id,
      enforcement === undefined ? severity : `${severity}, ${enforcement}`,
      summary,
    ]),
    style,
  ).join("\n");
}

/** One rule in full. */
export function ruleText(rule: TellableRule, style: Pick<Style, "columns">): string {
  const { id, from, severity, summary, fix, docs, enforcement } = rule;
  const kind = enforcement === undefined ? "" : `, ${enforcement} unless policy-config.json says otherwise`;
  return [
    `${id} (${from}): ${severity}${kind}`,
    ...wrapped(summary, style, { first: "  what must hold  " }),
    ...wrapped(fix, style, { first: "  what to do      " }),
    `  more about it   ${docs}`,
  ].join("\n");
}

/** Rules for programs. */
export function rulesDocument(rules: readonly TellableRule[]) {
  return {
    version: 1,
    rules: rules.map(({ id, from, severity, summary, fix, docs, enforcement }) => ({
      id,
      from,
      severity,
      ...(enforcement === undefined ? {} : { enforcement }),
      summary,
      fix,
      docs,
    })),
  };
}
