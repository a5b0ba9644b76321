import { splitSourcePath, type Finding, type Rule } from "@isthmus/core";
import { unknownKeyRule } from "./shape-rules.ts";
import { isRecord } from "./sources.ts";

/** Parts of a site whose entries have names: one that is wrong says nothing of the others. */
const named = ["networks", "hosts", "nodes", "pools", "services", "promises"];

/**
 * What is left of a site when everything that its findings name is taken out: an unknown key alone, of a wrong value the
 * named entry that it stands in. So rules across fields can be told together with mistakes of form.
 */
export function withoutMistakes(site: unknown, findings: readonly Finding[]): unknown {
  const copy: unknown = structuredClone(site);
  for (const finding of findings) {
    const { keys } = splitSourcePath(finding.at);
    const [section = ""] = keys;
    const path = finding.rule === unknownKeyRule.id ? keys : keys.slice(0, named.includes(section) ? 2 : 1);
    remove(copy, path);
  }
  return copy;
}

function remove(from: unknown, [key, ...rest]: readonly string[]): void {
  if (!isRecord(from) || key === undefined || !Object.hasOwn(from, key)) return;
  if (rest.length > 0) remove(from[key], rest);
  else Reflect.deleteProperty(from, key);
}

/** Of findings of a fleet with parts taken out: those that are true of the whole one too, as their rules say. */
export function standingAlone(
  across: readonly Finding[],
  mistakes: readonly Finding[],
  rules: ReadonlyMap<string, Rule>,
): Finding[] {
  const broken = new Set(mistakes.map(({ at }) => splitSourcePath(at).keys[0]));
  return across.filter(({ rule }) => rules.get(rule)?.needsWhole?.every((section) => !broken.has(section)) ?? false);
}
