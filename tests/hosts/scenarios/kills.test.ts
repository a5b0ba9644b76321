/**
 * Runs that die as in a power cut of the operator's computer: after each resource, and within a script at each of its
 * steps. The steps are read from the scripts, so that a new one is tested, too. After each: `up` again.
 */
import assert from "node:assert/strict";

import { scripts } from "@isthmus/k3s";
import { assertConverged, starts } from "../../kits/site/cluster-state.ts";
import { full, requireScenarios } from "../../kits/site/requirements.ts";
import { holdAt, stepsOf } from "./steps.ts";
import { clusterName, TestSite } from "../../kits/site/test-site.ts";

const joinSteps = stepsOf(scripts.installServer);

/** By default, those where most can go wrong. */
const killedAfter = full
  ? [
      "preflight-server-1",
      "bootstrap",
      "admission",
      "server-1",
      "kubeconfig",
      "server-2",
      "server-3",
      "agent-1",
      "membership",
    ]
  : ["bootstrap", "server-1", "server-2", "membership"];
const killedWithin = full ? joinSteps : ["find the cluster", "start k3s"];

describe("a cluster whose `up` is killed again and again", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", "server-2", "server-3", "agent-1"] });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("knows the steps of a script that installs a server", () => {
    assert.ok(joinSteps.length >= 5, joinSteps.join(", "));
    for (const step of killedWithin) assert.ok(joinSteps.includes(step), step);
  });

  for (const resource of killedAfter) {
    // What the first runs did not reach is done by the later ones: each goes on from where the one before died.
    if (resource === "server-3") for (const step of killedWithin) killAtStep("server-3", step);
    it(`goes on after a kill when ${resource} was done and not yet written down`, async () => {
      const run = await site.up({
        kill: { method: "create", name: `${clusterName}-${resource}`, nth: 1, when: "after" },
      });
      assert.equal(run.killed, true, run.text);
    });
    if (resource === "server-2" && !full) for (const step of killedWithin) killAtStep("server-3", step);
  }

  it("then converges: everything is there once, nothing was started twice", async () => {
    await site.goesUp();
    await assertConverged(site);
    assert.deepEqual(await starts(site), { "server-1": 1, "server-2": 1, "server-3": 1, "agent-1": 1 });
  });

  describe("and whose configuration changes", () => {
    before(() => {
      site.set({ kubeletArguments: ["max-pods=88"] });
    });
    for (const step of full ? joinSteps : ["start k3s"]) killAtStep("server-2", step);

    it("then converges: each was restarted once", async () => {
      await site.goesUp();
      await assertConverged(site);
      assert.deepEqual(await starts(site), { "server-1": 2, "server-2": 2, "server-3": 2, "agent-1": 2 });
    });
  });

  function killAtStep(host: string, step: string): void {
    it(`goes on after a kill while ${host} was at: ${step}`, async () => {
      const hold = await holdAt(site.host(host), step);
      const run = await site.up({ killWhen: () => hold.reached });
      await hold.release();
      assert.equal(run.killed, true, run.text);
    });
  }
});
