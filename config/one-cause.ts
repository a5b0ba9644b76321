import {
  poolMissingRule,
  readablePath,
  splitSourcePath,
  unknownPoolRule,
  type Finding,
  type Rule,
} from "@isthmus/core";

/** One finding for each cause: places that lack the same thing are told together, and what follows from another finding is not told. */
export function oncePerCause(findings: readonly Finding[], rules: ReadonlyMap<string, Rule>): readonly Finding[] {
  const withoutPools = findings
    .filter(({ rule }) => rule === poolMissingRule.id)
    .map(({ at }) => splitSourcePath(at).file);
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const { file } = splitSourcePath(finding.at);
    if (finding.rule === unknownPoolRule.id && withoutPools.includes(file)) continue;
    const name = rules.get(finding.rule)?.oncePerName === true ? /"[^"]*"/.exec(finding.problem)?.[0] : undefined;
    const key = name === undefined ? `${groups.size}` : [finding.rule, file, name].join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].map(([first, ...others]) => {
    if (others.length === 0) return first;
    const places = others.map(({ at }) => readablePath(at)).join(", ");
    return { ...first, problem: `${first.problem} (the same at ${places})` };
  });
}
