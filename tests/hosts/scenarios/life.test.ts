/** The life of a cluster, day by day, in one story: each test begins where the one before ended. */
import assert from "node:assert/strict";

import { changed } from "../../engine/harness.ts";
import { aServer, assertConverged, members, node, starts, write, written } from "./cluster-state.ts";
import { requireScenarios } from "./requirements.ts";
import { clusterName, TestSite, versions } from "./test-site.ts";

describe("a cluster of three servers and three agents", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({
      nodes: ["server-1", "server-2", "server-3", "agent-1", "agent-2", "agent-3"],
    });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("goes up: every server a voter, every node Ready, each started once", async () => {
    await site.goesUp();
    await assertConverged(site);
    const once = Object.fromEntries(site.file.nodes.map(({ name }) => [name, 1]));
    assert.deepEqual(await starts(site), once);
  });

  it("opens no session and starts nothing on an `up` without a change", async () => {
    const run = await site.goesUp();
    assert.deepEqual(changed(run.done), []);
    assert.deepEqual(run.sessions, []);
    const once = Object.fromEntries(site.file.nodes.map(({ name }) => [name, 1]));
    assert.deepEqual(await starts(site), once);
  });
});
