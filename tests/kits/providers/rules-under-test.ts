import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CallLog } from "./call-log.ts";
import type { PackageRules } from "./contract.ts";
import { loadExecutor } from "./executor.ts";
import { Faults } from "./faults.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { Service } from "./service.ts";
import { Store } from "./store.ts";
import { type Properties } from "./values.ts";

/** Where the simulated world of the test that runs is kept, and what is in it. */
export let folder: string;
export let store: Store;

/** Gives each test of a suite an empty world. Called in each suite, as Mocha loads this module once for several files. */
export function emptyWorlds(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-rules-"));
    store = new Store(folder);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
}

/** A simulated provider in the world of the test that runs: an empty one. */
export async function provider(name: string, config: Properties = {}): Promise<Service> {
  const { rules } = (await import(`./rules/${name}.ts`)) as { readonly rules: PackageRules };
  const world = { store, executor: loadExecutor(undefined, undefined), log: new CallLog(folder) };
  const service = new Service({ package: name, rules, faults: new Faults(undefined, folder), world });
  service.configure(config);
  return service;
}

/** What the engine names when it means a resource. */
export const target = (type: string, name = "x"): { urn: string; type: string; name: string } => ({
  urn: `urn:${name}`,
  type,
  name,
});

/** Checked and made, as the engine does it. */
export async function make(
  service: Service,
  type: string,
  inputs: Properties,
): Promise<{ id: string; inputs: Properties; outputs: Properties }> {
  const checked = service.check(target(type), {}, inputs);
  assert.deepEqual(checked.failures, []);
  return { ...(await service.create(target(type), checked.inputs)), inputs: checked.inputs };
}

export const RELEASE = "kubernetes:helm.sh/v3:Release";

/** The simulated cluster, as a provider with these settings sees it. */
export const cluster = (settings: Properties = {}): Promise<Service> =>
  provider("kubernetes", { kubeconfig: kubeconfig("h"), ...settings });

/** A release of a chart as the program would ask for it. */
export const release = (chart: string, values: Properties = {}): Properties => ({
  name: chart,
  chart,
  version: "1.0.0",
  repositoryOpts: { repo: "https://charts.invalid" },
  values,
});
