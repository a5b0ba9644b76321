import { readablePath, splitSourcePath, type Finding } from "@isthmus/core";

/** Rules that say that a name is nowhere: what is missing is one mistake, however many places refer to it. */
const ofNames = ["capability-missing", "unknown-host", "unknown-hypervisor", "unknown-peer", "unknown-pool"];

/** One finding for each cause: places that lack the same thing are told together, and what follows from another finding is not told. */
export function oncePerCause(findings: readonly Finding[]): readonly Finding[] {
  const withoutPools = findings.filter(({ rule }) => rule === "pool-missing").map(({ at }) => splitSourcePath(at).file);
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const { file } = splitSourcePath(finding.at);
    if (finding.rule === "unknown-pool" && withoutPools.includes(file)) continue;
    const name = ofNames.includes(finding.rule) ? /"[^"]*"/.exec(finding.problem)?.[0] : undefined;
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
