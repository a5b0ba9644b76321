import type { Topology } from "@isthmus/core";
import { groupFailures } from "./grouping.ts";
import type { Assessment } from "../model/verdict.ts";
import { briefly, isUntouched } from "./wording.ts";

/** One kind of failure in full: a row for each verdict that services share. */
export interface Paragraph {
  /** `losing any host of site-a: 10 unaffected`. */
  readonly title: string;
  readonly rows: readonly { readonly services: readonly string[]; readonly text: string }[];
}

/** What each failure does to each service that it touches, for the whole of a report. */
export function paragraphs(assessments: readonly Assessment[], topology?: Topology): Paragraph[] {
  return groupFailures(assessments, topology).map(({ title, assessments: all }) => {
    const touched = all.filter((assessment) => !isUntouched(assessment));
    const untouched = all.length - touched.length;
    const others = touched.length === 0 ? ": all unaffected" : untouched === 0 ? "" : `: ${untouched} unaffected`;
    return { title: `losing ${title}${others}`, rows: rowsOf(touched) };
  });
}

function rowsOf(touched: readonly Assessment[]): Paragraph["rows"] {
  const saying = new Map<string, string[]>();
  for (const each of touched) {
    const text = `${briefly(each)}: ${each.why}`;
    saying.set(text, [...(saying.get(text) ?? []), each.service]);
  }
  return [...saying].map(([text, services]) => ({ services, text }));
}
