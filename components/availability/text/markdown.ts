import { unique, type Topology } from "@isthmus/core";
import { groupFailures, type FailureGroup } from "./grouping.ts";
import type { Assessment } from "../model/verdict.ts";
import { readStep } from "./step.ts";
import { briefly, isUntouched, perSite } from "./wording.ts";

/** The page that says what survives what: a table of failures and services, then each failure with what is to do. */
export function toMarkdown(assessments: readonly Assessment[], topology?: Topology): string {
  const groups = groupFailures(assessments, topology);
  const services = unique(assessments.map((each) => each.service));
  const lines = [
    "# What survives which failure",
    "",
    "The worst placement that the hard rules permit. *full*: as before; *degraded*: it serves, with less redundancy;",
    "*read-only*: it can be read, not written; *down*. Times count from the failure; after a power cut, from when the machines run.",
    "",
    ...table(groups, services),
    ...groups.flatMap(details),
  ];
  return `${lines.join("\n")}\n`;
}

function table(groups: readonly FailureGroup[], services: readonly string[]): string[] {
  return [
    row(["lost", ...services]),
    row(["---", ...services.map(() => "---")]),
    ...groups.map((group) => row([group.title, ...services.map((service) => cell(group, service))])),
  ];
}

function cell(group: FailureGroup, service: string): string {
  const assessment = group.assessments.find((each) => each.service === service);
  return assessment === undefined ? "" : briefly(assessment);
}

function details(group: FailureGroup): string[] {
  const touched = group.assessments.filter((assessment) => !isUntouched(assessment));
  const untouched = group.assessments.filter(isUntouched).map((each) => each.service);
  const heading = ["", `## Lost: ${escaped(group.title)}`, ""];
  const on = untouched.length === 0 ? [] : [`Unaffected: ${untouched.map(escaped).join(", ")}.`, ""];
  return [...heading, ...on, ...touched.flatMap(detail)].slice(0, touched.length === 0 ? -1 : undefined);
}

function detail(assessment: Assessment): string[] {
  const { service, why, untilFull, dataAtRisk } = assessment;
  const sites = perSite(assessment);
  return [
    `- **${escaped(service)}**: ${briefly(assessment)}. ${escaped(sentence(why))}`,
    ...(sites === undefined ? [] : [`  - Seen from each site: ${escaped(sites)}.`]),
    ...(dataAtRisk === undefined ? [] : [`  - Data at risk: ${escaped(dataAtRisk)}.`]),
    ...(untilFull.length === 0 ? [] : [`  - Until it is full again:`]),
    ...untilFull.map((step, place) => `    ${place + 1}. ${stepText(step)}`),
  ];
}

/** A command stands as it is typed. */
function stepText(text: string): string {
  const { words, command, note } = readStep(text);
  if (command === undefined) return escaped(sentence(text));
  const before = words === undefined ? "" : `${escaped(sentence(words).slice(0, -1))}: `;
  return `${before}${code(command)}${note === undefined ? "" : ` (${escaped(note)})`}`;
}

/** Between more backticks than it has itself: https://spec.commonmark.org/0.31.2/#code-spans */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const blank = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${blank}${text.replaceAll(/\s+/g, " ")}${blank}${fence}`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
/** Names and texts of users must not become markup. */
const escaped = (text: string): string => text.replaceAll(/[\\|*_`<>[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
