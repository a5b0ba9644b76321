/** The cells of the matrix on one cluster: it is brought up once, and a cell leaves it well. */
import assert from "node:assert/strict";

import {
  capabilities,
  clusters,
  complete,
  firstPatch,
  stepsTaken,
  versionOf,
  type Capability,
  type ClusterName,
} from "./fault-matrix-capabilities.ts";
import { assertAsDeclared, assertNothingTwice, assertStarts, countStarts, installedAt } from "./fault-matrix-checks.ts";
import { faults, killUnwritten, strikeUp, type Fault } from "./fault-matrix-faults.ts";
import { Writer } from "./fault-matrix-writer.ts";
import { standIn } from "../../kits/k3s/k3s.ts";
import { full } from "../../kits/site/requirements.ts";
import { TestSite } from "../../kits/site/test-site.ts";
import { keepWellSite } from "./well-site.ts";

/** What runs without --full: capability, fault, step. */
export const byDefault = [
  ["the server token rotated", "the run is killed", "rotate the server token"],
  ["an upgrade", "the run is killed", "drain"],
  ["the first server replaced", "the run is killed", "start k3s"],
  ["a dead server removed", "the run is killed", "remove *"],
  ["labels and taints", "the run is killed", "compare labels and taints with those declared"],
  ["an agent's upgrade", "the link is cut", "start k3s"],
] as const;

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

let time = 0;

/** Describes all cells on that cluster; without --full those that run by default. */
export function describeCells(name: ClusterName): void {
  const { nodes, spare, settings } = clusters[name];
  const ofCluster = capabilities.filter(({ cluster }) => cluster === name).flatMap(cellsOf);

  describe(`${name}, with a fault in the middle of`, function () {
    this.timeout(600_000);
    const wellSite = keepWellSite({
      create: async () => {
        const versions = Array.from({ length: patches }, (_, index) => standIn(versionOf(firstPatch + index)));
        const k3s = await Promise.all(versions);
        return await TestSite.create({ nodes, spare, k3s, settings: { waitSeconds: 40, ...settings } });
      },
      prepare: (site) => site.goesUp(),
    });

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
    const mayFail = fault.breaksJoins && (capability.method === "create" || capability.endsUntilItHears === true);
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
