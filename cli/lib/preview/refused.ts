import { readablePath, splitSourcePath, withoutSecrets, type Finding } from "@isthmus/core";
import type { Sources } from "../../../config/sources.ts";
import type { PreviewDocument, PreviewedFinding } from "./document.ts";
import { documentVersion } from "./version.ts";

/** The document of stack files that are not in order: what is wrong with them, by file and line, and no site. */
export function refusedDocument(findings: readonly Finding[], sources: Sources): PreviewDocument {
  const told = findings.map(({ rule, at, problem, fix }): PreviewedFinding => {
    const { file } = splitSourcePath(at);
    const path = readablePath(at);
    return { rule, file, line: sources.line(at), path, problem: withoutSecrets(problem), fix: withoutSecrets(fix) };
  });
  const sorted = told.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  return { version: documentVersion, findings: sorted, sites: {} };
}
