import type { Law } from "./law.ts";

export const valuesUsed: Law = {
  id: "values-used",
  sentence: "Every value that is set is read by the chart: it, or another in its place, changes what the chart makes.",
  fix: "Take the value out, or put it where the chart reads it; one that has to stay gets an exception with its reason.",
  breaches: ({ releases }) =>
    releases.flatMap(({ plan, facts }) =>
      facts.idle.map((path) => ({ release: plan.name, at: path, problem: "the chart does not read it" })),
    ),
};
