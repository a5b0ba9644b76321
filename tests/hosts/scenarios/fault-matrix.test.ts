/**
 * Every change of a living cluster × every fault × every step of the script that does it. After each: `up` again, and all is as declared,
 * nothing was done twice, nothing that was acknowledged is lost. How a cluster begins and joins: kills.test.ts,
 * faults.test.ts. By default the cells in which most can go wrong; all of them with --full.
 */
import assert from "node:assert/strict";

import { scripts } from "@isthmus/k3s";
import type { Script } from "@isthmus/remote/script";
import {
  capabilities,
  clusters,
  complete,
  firstPatch,
  stepsTaken,
  versionOf,
  type Capability,
} from "./fault-matrix-capabilities.ts";
import { assertAsDeclared, assertNothingTwice, assertStarts, countStarts, installedAt } from "./fault-matrix-checks.ts";
import { faults, killUnwritten, strikeUp, type Fault } from "./fault-matrix-faults.ts";
import { stepsOfVerb, verbs } from "./fault-matrix-verbs.ts";
import { Writer } from "./fault-matrix-writer.ts";
import { standIn } from "../standin/k3s.ts";
import { full, requireScenarios } from "./requirements.ts";
import { TestSite } from "./test-site.ts";

/** What runs without --full: capability, fault, step. */
const byDefault = [
  ["a change of configuration", "the host dies", "wait until the node is Ready and an etcd voter"],
  ["an upgrade", "the run is killed", "drain"],
  ["the first server replaced", "the run is killed", "start k3s"],
  ["a dead server removed", "the run is killed", "remove *"],
  ["labels and taints", "the run is killed", "compare labels and taints with those declared"],
  ["an agent's upgrade", "the link is cut", "start k3s"],
] as const;

/** Scripts without cells, and why: who adds a script says so here, or gives it cells. */
const withoutCells: Readonly<Record<string, string>> = {
  preflight: "changes nothing: preflight.test.ts",
  genesis: "when a cluster begins: kills.test.ts",
  adopt: "changes nothing: adoption.test.ts",
  identity: "only reads",
  kubeconfig: "only reads",
  snapshot: "no step of it is of the cluster: restore.test.ts",
  snapshots: "only reads",
  snapshotToken: "only reads",
  certificateState: "only reads",
  osUpdates: "only reads",
  status: "only reads",
};

const unwritten = "the end, which is not written down";
const patches = full ? 50 : 5;

interface Cell {
  readonly capability: Capability;
  readonly fault: Fault;
  readonly step: string;
}

function cellsOf(capability: Capability): readonly Cell[] {
  const all = faults.flatMap((fault) => {
    const steps = stepsTaken(capability);
    return (fault.name === "the run is killed" ? [...steps, unwritten] : steps).map((step) => ({
      capability,
      fault,
      step,
    }));
  });
  return full
    ? all
    : all.filter(({ fault, step }) =>
        byDefault.some(([a, b, c]) => a === capability.name && b === fault.name && c === step),
      );
}

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

let time = 0;

for (const [name, { nodes, spare, settings }] of Object.entries(clusters)) {
  const ofCluster = capabilities.filter(({ cluster }) => cluster === name).flatMap(cellsOf);

  describe(`${name}, with a fault in the middle of`, function () {
    this.timeout(600_000);
    let site: TestSite | undefined;

    /** Of a test that failed nothing is left to the next one. */
    async function wellSite(): Promise<TestSite> {
      if (site !== undefined) return site;
      const versions = Array.from({ length: patches }, (_, index) => standIn(versionOf(firstPatch + index)));
      const k3s = await Promise.all(versions);
      site = await TestSite.create({ nodes, spare, k3s, settings: { waitSeconds: 40, ...settings } });
      await site.goesUp();
      return site;
    }
    async function giveUp(): Promise<void> {
      const old = site;
      site = undefined;
      await old?.destroy();
    }
    before(async function () {
      requireScenarios(this);
      await wellSite();
    });
    afterEach(async function () {
      if (this.currentTest?.state === "failed") await giveUp();
    });
    after(giveUp);

    for (const cell of ofCluster) {
      it(`${cell.capability.name}: ${cell.fault.name} at: ${cell.step}`, async () => {
        time += 1;
        await survives(await wellSite(), cell);
      });
    }
  });
}

async function survives(site: TestSite, { capability, fault, step }: Cell): Promise<void> {
  await complete(site, [...clusters[capability.cluster].nodes, ...(capability.needs ?? [])]);
  const writer = await Writer.start(site, `of-time-${String(time)}`);
  try {
    await capability.change(site, time);
    const before = await countStarts(site);
    if (step === unwritten) await killUnwritten(site, capability);
    else await strikeUp(site, { fault, host: site.host(capability.on), step });
    const came = await installedAt(site, capability.on);
    const again = await site.goesUp();
    await assertAsDeclared(site);
    const mayFail = capability.method === "create" && fault.breaksJoins;
    const needed = { starts: capability.starts, struck: capability.on, extra: fault.extraStarts, mayFail };
    await assertStarts(site, before, needed);
    await capability.holds?.(site);
    assertNothingTwice(site, again, capability);
    if (came !== undefined) assert.equal(await installedAt(site, capability.on), came, "installed twice");
    assert.deepEqual(await writer.lost(), [], "acknowledged, and lost");
    assert.ok(writer.acknowledged.length > 0, "nothing was acknowledged at all");
  } finally {
    writer.stop();
  }
}
