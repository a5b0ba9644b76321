import * as pulumi from "@pulumi/pulumi";
import { disconnect, setMockOptions } from "@pulumi/pulumi/runtime/settings.js";
import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import { exportedData } from "../../../program/exports.ts";
import { exportsSchema } from "../../../program/outputs-schema.ts";
import type { Peer } from "../../../program/peers.ts";
import { readable } from "../../../program/readable.ts";
import { resolve } from "../../../program/resolve.ts";
import { buildSite } from "../../../program/site.ts";
import { Recorder, type Recorded } from "./recorder.ts";
import { shortStackTraces } from "./stack-traces.ts";

/** Everything that the program registers for a site, without an engine: as if every other site were up. */
export async function registerInProcess(fleet: FleetPlan, plan: SitePlan): Promise<readonly Recorded[]> {
  const { name } = plan.facts;
  const register = (): void => {
    buildSite({
      plan,
      secret: (secret) => pulumi.secret(`(secret ${secret})`),
      peers: fleet.sites.filter((other) => other !== plan).map(plannedPeer),
      chartMirror: fleet.model.fleet.chartMirror,
    });
  };
  return shortStackTraces(() => recordInProcess(name, register));
}

/** What `register` registers in a stack of that name, until nothing is left to wait for. */
export async function recordInProcess(stack: string, register: () => void): Promise<readonly Recorded[]> {
  const recorder = new Recorder({});
  setMockOptions(recorder, "isthmus", stack, true, "organization");
  register();
  await settled(recorder);
  return recorder.recorded;
}

/** Resources that wait for one another leave Node.js with nothing to do; it would end without a word. */
async function settled(recorder: Recorder): Promise<void> {
  const { promise, reject } = rejectable();
  const stuck = (): void => {
    const last = recorder.recorded.at(-1)?.name ?? "none";
    reject(
      new Error(`resources wait for one another: ${recorder.recorded.length} are registered, the last is ${last}`),
    );
  };
  process.once("beforeExit", stuck);
  try {
    await Promise.race([disconnect(), promise]);
  } finally {
    process.off("beforeExit", stuck);
  }
}

function rejectable(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
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
