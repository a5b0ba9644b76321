/**
 * Every change of a living cluster × every fault × every step of the script that does it. After each: `up` again, and all is as declared,
 * nothing was done twice, nothing that was acknowledged is lost. How a cluster begins and joins: kills.test.ts,
 * faults.test.ts. By default the cells in which most can go wrong; all of them with --full.
 */
import assert from "node:assert/strict";

import { scripts } from "@isthmus/k3s";
import type { Script } from "@isthmus/remote/script";
import { capabilities, stepsTaken } from "./fault-matrix-capabilities.ts";
import { byDefault, describeCells } from "./fault-matrix-cells.ts";
import { faults } from "./fault-matrix-faults.ts";
import { stepsOfVerb, verbs } from "./fault-matrix-verbs.ts";

/** Scripts without cells, and why: who adds a script says so here, or gives it cells. */
const withoutCells: Readonly<Record<string, string>> = {
  preflight: "changes nothing: preflight.test.ts",
  bootstrap: "when a cluster begins: kills.test.ts",
  adopt: "changes nothing: adoption.test.ts",
  kubeconfig: "only reads",
  letGo: "changes nothing but that it takes the lease: faults-midway.test.ts",
  storeProbe: "changes nothing of the cluster: restore-s3.test.ts",
  readyToRestore: "gets files that nothing runs yet: restore.test.ts",
  snapshot: "no step of it is of the cluster: restore.test.ts",
  snapshots: "only reads",
  snapshotToken: "only reads",
  certificateState: "only reads",
  osUpdates: "only reads",
  status: "only reads",
  webhook: "asks by a dry run: components/k3s/scripts/entry/webhook.test.ts",
};

describe("the matrix of faults", () => {
  it("has a cell for every step of every script, and those that run by default are in it", () => {
    for (const [capability, fault, step] of byDefault) {
      const found = capabilities.find(({ name }) => name === capability);
      assert.ok(found !== undefined && stepsTaken(found).includes(step), `${capability}: ${step}`);
      assert.ok(
        faults.some(({ name }) => name === fault),
        fault,
      );
    }
    for (const capability of capabilities) assert.ok(stepsTaken(capability).length > 0, capability.name);
    for (const verb of verbs) assert.ok(stepsOfVerb(verb).length > 0, verb.name);
  });

  it("has every script that changes something", () => {
    const inIt = new Set<Script>([
      ...capabilities.map(({ script }) => script),
      ...verbs.flatMap(({ work }) => work.flatMap((one) => one.scripts)),
    ]);
    const missing = Object.entries<Script>(scripts).filter(
      ([name, script]) => inIt.has(script) === name in withoutCells,
    );
    assert.deepEqual(
      missing.map(([name]) => name),
      [],
    );
  });
});

describeCells("three servers");
