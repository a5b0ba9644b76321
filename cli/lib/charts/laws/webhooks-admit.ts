import { objectsOfPlan } from "../own-objects.ts";
import type { RenderedRelease } from "../site.ts";
import { isKnownGroup } from "../webhooks/groups.ts";
import { besideAt, refusals } from "../webhooks/index.ts";
import type { Breach, Law } from "./law.ts";
import { breachesOf } from "./problems.ts";

export const webhooksAdmit: Law = {
  id: "webhooks-admit",
  sentence:
    "Every object is one that admission webhooks let pass, as far as they demand more than its schema; what they demand is written down.",
  fix: "Correct the object; or read in the webhook's source what it demands, and give it a row in cli/lib/charts/webhooks.",
  breaches: (site) => {
    const beside = besideAt(site.plan, site.objects);
    return [
      ...site.releases.flatMap((release) => [
        ...breachesOf(release.plan.name, release.facts.judged.refused),
        ...unknownGroups(release),
      ]),
      ...site.own.flatMap(({ service }) => breachesOf(service.instance, refusals(objectsOfPlan(service), beside))),
    ];
  },
};

function unknownGroups({ plan, facts }: RenderedRelease): Breach[] {
  return facts.webhooks.flatMap(({ configuration, name, resources }) =>
    [...new Set(resources.map((resource) => resource.split("/")[0] ?? ""))]
      .filter((group) => !isKnownGroup(group))
      .map((group) => ({
        release: plan.name,
        at: configuration,
        problem: `nobody has written down what ${name} demands of objects of the group "${group}"`,
      })),
  );
}
