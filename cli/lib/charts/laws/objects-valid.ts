import type { Judged } from "../judgement.ts";
import type { RenderedSite } from "../site.ts";
import type { Breach, Law } from "./law.ts";
import { breachesOf } from "./problems.ts";

export const objectsValid: Law = {
  id: "objects-valid",
  sentence:
    "Every object, of a chart or of ours, is one that the schema of its kind takes: Kubernetes' own, or that of the CRD with its rules.",
  fix: "Correct the field in the service's objects, or the value that the chart makes it of.",
  breaches: ({ releases, own }: RenderedSite) => [
    ...releases.flatMap(({ plan, facts }) => problems(plan.name, facts.judged)),
    ...own.flatMap(({ service, judged }) => problems(service.instance, judged)),
  ],
};

function problems(release: string, judged: Judged | undefined): Breach[] {
  if (judged === undefined)
    return [{ release, at: "objects", problem: "nobody held them to the schemas of their kinds" }];
  return breachesOf(release, judged.invalid);
}
