import { createHash } from "node:crypto";
import { readablePath, type Severity, type SourcePath } from "@isthmus/core";
import type { Evaluation, Failure, RuleSummary } from "./evaluate.ts";

/** A place in a file: the line counts from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
}

/** Finds the line of a place in the stack files, or `undefined` where it is not there any more. */
export type Locate = (from: SourcePath) => Location | undefined;

/** A violation for people: what is wrong and where, and what to do about it. */
export interface Violation {
  readonly what: string;
  readonly fix: string;
}

/** Text for people: the violations with file and line, then a line for each rule. */
export function toText({ rules, failures }: Evaluation, locate: Locate): string {
  const told = violations({ failures }, locate).map(({ what, fix }) => `${what}\n    ${fix}`);
  return [...told, ...ruleRows({ rules }).map(([rule, counts]) => `${rule}  ${counts}`)].join("\n");
}

/** Each violation with file and line. */
export function violations({ failures }: Pick<Evaluation, "failures">, locate: Locate): Violation[] {
  return failures.map((failure) => {
    const level = failure.enforcement === "mandatory" ? "error" : "warning";
    return { what: `${placeOf(failure, locate)}: ${level}: ${failure.message} [${failure.rule}]`, fix: failure.fix };
  });
}

/** A row for each rule: its name, padded, and how often it answered what. */
export function ruleRows({ rules }: Pick<Evaluation, "rules">): [string, string][] {
  const width = Math.max(0, ...rules.map((rule) => rule.rule.length));
  return rules.map((rule) => [rule.rule.padEnd(width), countsOf(rule)]);
}

function placeOf({ from, urn }: Failure, locate: Locate): string {
  if (from === undefined) return urn;
  const location = locate(from);
  return location === undefined ? from : `${location.file}:${location.line}: ${readablePath(from)}`;
}

function countsOf({ counts, enforcement }: RuleSummary): string {
  if (enforcement === "disabled") return "disabled";
  const parts = [
    [counts.pass, "passed"],
    [counts.fail, "failed"],
    [counts.decidedByChart, "decided by the chart"],
    [counts.notApplicable, "not applicable"],
    [counts.unknown, "unknown"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return said.length === 0 ? "nothing to check" : said.join(", ");
}

/**
 * A SARIF 2.1.0 log with one run. A violation whose place in the stack files is not known has its URN only.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function toSarif({ rules, failures }: Evaluation, locate: Locate) {
  const names = rules.map((rule) => rule.rule);
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "isthmus-policy", rules: rules.map(toDescriptor) } },
        results: failures.map((failure) => toResult(failure, names.indexOf(failure.rule), locate)),
      },
    ],
  } as const;
}

/** GitHub sorts by this number. @see https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning */
const securitySeverity: Readonly<Record<Severity, string>> = {
  low: "2.0",
  medium: "5.0",
  high: "8.0",
  critical: "9.5",
};

function toDescriptor(rule: RuleSummary) {
  return {
    id: rule.rule,
    shortDescription: { text: rule.description },
    help: { text: rule.remediation },
    ...(rule.url === undefined ? {} : { helpUri: rule.url }),
    defaultConfiguration: {
      enabled: rule.enforcement !== "disabled",
      level: rule.enforcement === "mandatory" ? "error" : "warning",
    },
    properties: { "security-severity": securitySeverity[rule.severity], counts: rule.counts },
  } as const;
}

function toResult(failure: Failure, ruleIndex: number, locate: Locate) {
  const location = failure.from === undefined ? undefined : locate(failure.from);
  return {
    ruleId: failure.rule,
    ruleIndex,
    level: failure.enforcement === "mandatory" ? "error" : "warning",
    message: { text: `${failure.message}. ${failure.fix}` },
    locations: [
      {
        ...(location === undefined
          ? {}
          : {
              physicalLocation: {
                artifactLocation: { uri: location.file },
                region: { startLine: location.line },
              },
            }),
        logicalLocations: [{ fullyQualifiedName: failure.urn, kind: "resource" }],
      },
    ],
    partialFingerprints: { "isthmus/v1": fingerprint(failure) },
  } as const;
}

/** The same violation in the next run, wherever its line has moved to. */
function fingerprint({ rule, urn, message }: Failure): string {
  return createHash("sha256")
    .update(JSON.stringify([rule, urn, message]))
    .digest("hex");
}
