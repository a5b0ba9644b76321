import * as pulumi from "@pulumi/pulumi";
import { disconnect, setMockOptions } from "@pulumi/pulumi/runtime/settings.js";
import type { FleetPlan, SitePlan } from "../../plan/fleet.ts";
import { exportedData } from "../../program/exports.ts";
import { exportsSchema } from "../../program/outputs-schema.ts";
import type { Peer } from "../../program/peers.ts";
import { resolve } from "../../program/resolve.ts";
import { buildSite } from "../../program/site.ts";
import { readable } from "./readable.ts";
import { Recorder, type Recorded } from "./recorder.ts";

/** Everything that the program registers for a site, without an engine: as if every other site were up. */
export async function registerInProcess(fleet: FleetPlan, plan: SitePlan): Promise<readonly Recorded[]> {
  const recorder = new Recorder({});
  setMockOptions(recorder, "isthmus", plan.facts.name, true, "organization");
  buildSite({
    plan,
    secret: (name) => pulumi.secret(`(secret ${name})`),
    peers: fleet.sites.filter((other) => other !== plan).map(plannedPeer),
    chartMirror: fleet.model.fleet.chartMirror,
  });
  await disconnect();
  refuseGaps(plan, recorder.recorded);
  return recorder.recorded;
}

/** Resources that wait for one another never come, and nothing else says so. */
function refuseGaps(plan: SitePlan, recorded: readonly Recorded[]): void {
  const names = new Set(recorded.map((resource) => resource.name));
  const missing = plan.services.flatMap(({ instance, releases, objects }) =>
    [...releases.map(({ name }) => name), ...objects.map(({ id }) => id)]
      .map((item) => `${instance}-${item}`)
      .filter((name) => !names.has(name)),
  );
  if (missing.length > 0) throw new Error(`these resources wait for one another: ${missing.join(", ")}`);
}

/** Another site as it will be known when it is up; what only its deployment knows stands as text that says so. */
function plannedPeer(plan: SitePlan): Peer {
  const { open, hidden } = exportedData(plan);
  const site = plan.facts.name;
  return {
    site,
    status: "linked",
    values: exportsSchema.parse(resolve(open, readable)),
    secrets: Object.fromEntries(hidden.map(({ path }) => [path, `(${path} of ${site}: known after up)`])),
  };
}
