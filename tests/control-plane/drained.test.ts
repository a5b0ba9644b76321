import assert from "node:assert/strict";
import { cordon, drain } from "../kits/control-plane/drain.ts";
import { disagreements } from "../kits/control-plane/placement.ts";
import type { RunningSite } from "../kits/control-plane/scheduled.ts";
import { inOrder } from "../kits/in-order.ts";
import { afterwards } from "../services/afterwards.ts";
import { budgets, fleet, runDefaultSite } from "./default-stacks.ts";

const [plan] = fleet.sites;
assert.ok(plan !== undefined);

describe("the drain of a node", function () {
  this.timeout(300_000);
  inOrder(this);
  const undo = afterwards(this);
  let site: RunningSite;

  before(async function () {
    site = await runDefaultSite(this, plan);
    undo(() => site.stop());
    await site.settled();
  });

  // The law drain-finishes says so of every budget, by its text alone.
  for (const { name } of plan.facts.topology.nodes) {
    it(`finishes, and all is as planned once pods may come again: ${name}`, async () => {
      const { api } = site.cluster;
      assert.deepEqual(await drain(api, name, 60), []);
      await cordon(api, name, false);
      assert.deepEqual(disagreements(plan, budgets, await site.settled()), []);
    });
  }

  it("does not finish where a budget lets nobody go", async () => {
    const { api } = site.cluster;
    const pods = await site.settled();
    const on = pods.find(({ namespace, node }) => namespace === "traefik-public" && node !== undefined)?.node ?? "";
    const metadata = { name: "traefik-public", namespace: "traefik-public" };
    const pdb = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata };
    await api.merge(pdb, { spec: { maxUnavailable: null, minAvailable: 2 } });
    assert.match(
      (await drain(api, on, 5)).join(),
      /^traefik-public\/.*: Cannot evict pod as it would violate the pod's disruption budget/,
    );
  });
});
