import assert from "node:assert/strict";
import { join } from "node:path";
import { load } from "../config/load.ts";
import { catalogue } from "./catalogue.ts";
import { planFleet } from "./fleet.ts";

const platform = join(import.meta.dirname, "..", "config", "fixtures", "valid", "platform-on-four-pcs");

describe("what a cluster's hosts need beside k3s", () => {
  it("is what the footprints of services say, on the nodes that their workloads may run on", () => {
    const loaded = load(platform, catalogue);
    assert.ok("model" in loaded);
    const [site] = planFleet(loaded.model).sites;
    assert.ok(site);
    const open = site.facts.topology.nodes.filter(({ taints }) =>
      taints.every(({ effect }) => effect === "PreferNoSchedule"),
    );
    assert.ok(open.length > 0 && open.length < site.facts.topology.nodes.length);
    const needed = site.cluster.nodes.filter(({ programs = [] }) => programs.includes("iscsiadm"));
    assert.deepEqual(
      needed.map(({ name }) => name),
      open.map(({ name }) => name),
    );
  });
});
