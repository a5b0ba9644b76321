import assert from "node:assert/strict";
import { join } from "node:path";
import { getAt } from "@isthmus/core";
import { load } from "../../config/load.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { planFleet } from "../../plan/fleet.ts";

const loaded = load(join(import.meta.dirname, "../.."), catalogue);
assert.ok("model" in loaded);
const { sites } = planFleet(loaded.model);

/** Every part of `data` that is a map. */
function mapsIn(data: unknown): unknown[] {
  if (typeof data !== "object" || data === null) return [];
  return [data, ...Object.values(data).flatMap(mapsIn)];
}

describe("Deployments of the default stacks whose pods keep apart by rule", () => {
  it("let an old pod go before the new one comes, so that a rollout ends on as many nodes as pods", () => {
    const seen: string[] = [];
    for (const plan of sites.flatMap((site) => site.services)) {
      for (const { name, controller, runsOn } of plan.footprint.workloads) {
        if (controller !== "Deployment" || !runsOn.spread.some(({ required }) => required)) continue;
        seen.push(`${plan.instance}/${name}`);
        const rendered = mapsIn([
          plan.releases.map(({ values }) => values),
          plan.objects.map(({ manifest }) => manifest),
        ]);
        const rolling = rendered.filter((map) => getAt(map, "rollingUpdate.maxSurge") === 0);
        assert.ok(
          rolling.some((map) => getAt(map, "rollingUpdate.maxUnavailable") === 1),
          `${plan.instance}/${name}`,
        );
      }
    }
    assert.deepEqual([...new Set(seen)].sort(), [
      "cloudnative-pg/operator",
      "traefik-private/traefik",
      "traefik-public/traefik",
    ]);
  });
});
