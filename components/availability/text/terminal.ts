import type { Topology } from "@isthmus/core";
import { groupFailures, type FailureGroup } from "./grouping.ts";
import type { Assessment } from "../model/verdict.ts";
import { briefly, isUntouched } from "./wording.ts";

/** What survives what, for a terminal: a paragraph for each kind of failure, a line for each service that it touches. */
export function toText(assessments: readonly Assessment[], topology?: Topology): string {
  const groups = groupFailures(assessments, topology);
  const width = Math.max(0, ...assessments.map((each) => each.service.length));
  return groups.map((group) => paragraph(group, width)).join("\n");
}

function paragraph({ title, assessments }: FailureGroup, width: number): string {
  const touched = assessments.filter((assessment) => !isUntouched(assessment));
  if (touched.length === 0) return `losing ${title}: all go on\n`;
  const untouched = assessments.length - touched.length;
  const others = untouched === 0 ? "" : `${untouched} ${untouched === 1 ? "goes" : "go"} on as ever`;
  return [`losing ${title}: ${others}`.replace(/: $/, ":"), ...linesOf(touched, width), ""].join("\n");
}

/** A line for each service; those of which the same is to be said share one, below their names. */
function linesOf(touched: readonly Assessment[], width: number): string[] {
  const saying = new Map<string, string[]>();
  for (const each of touched) {
    const text = `${briefly(each)}: ${each.why}`;
    saying.set(text, [...(saying.get(text) ?? []), each.service]);
  }
  return [...saying].flatMap(([text, [first = "", ...more]]) =>
    more.length === 0
      ? [`  ${first.padEnd(width)}  ${text}`]
      : [`  ${[first, ...more].join(", ")}`, `  ${"".padEnd(width)}  ${text}`],
  );
}
