import { readablePath, splitSourcePath, withoutSecrets, type Finding } from "@isthmus/core";
import type { Sources } from "./sources.ts";

/** All findings for people: sorted by file and line, each with what is wrong, where, and the way to fix it. */
export function describeFindings(findings: readonly Finding[], sources: Sources): string {
  const placed = findings.map((finding) => ({
    finding,
    file: splitSourcePath(finding.at).file,
    line: sources.line(finding.at),
  }));
  const sorted = placed.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  const count = sorted.length === 1 ? "1 thing is" : `${sorted.length} things are`;
  const lines = sorted.map(({ finding, file, line }) => {
    const path = readablePath(finding.at);
    return `${file}:${line}: ${path === "" ? "" : `${path}: `}${finding.problem} [${finding.rule}]\n    ${finding.fix}`;
  });
  return withoutSecrets([`${count} wrong in the stack files:`, "", ...lines].join("\n"));
}
