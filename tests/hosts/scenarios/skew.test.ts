/** An agent that is off while the servers are upgraded, once and once more, comes back with the next `up`. */
import assert from "node:assert/strict";

import { k3sVersions } from "../../kits/k3s/k3s.ts";
import { assertConverged, node, starts } from "../../kits/site/cluster-state.ts";
import { requireScenarios } from "../../kits/site/requirements.ts";
import { TestSite, versions } from "../../kits/site/test-site.ts";

describe("an agent that was off for more than a minor version", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    const known = await k3sVersions([versions.first, versions.next, versions.skipping]);
    if (known.length < 3) this.skip();
    site = await TestSite.create({ nodes: ["server-1", "agent-1", "agent-2"], k3s: known });
    await site.goesUp();
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("stops no upgrade of the servers", async () => {
    await site.host("agent-1").powerOff();
    for (const version of [versions.next, versions.skipping]) {
      site.version(version);
      const said = await site.refuses();
      assert.match(said, /agent-1/);
      assert.equal((await node(site, "server-1")).status.nodeInfo.kubeletVersion, version);
    }
  });

  it("is brought to the servers' version at once when it is back, drained as for any upgrade", async () => {
    const before = await starts(site);
    await site.host("agent-1").powerOn();
    await site.goesUp();
    await assertConverged(site);
    assert.equal((await node(site, "agent-1")).status.nodeInfo.kubeletVersion, versions.skipping);
    const after = await starts(site);
    assert.equal(after["server-1"], before["server-1"]);
  });

  it("still lets no server skip one, nor go back", async () => {
    site.version(versions.first);
    assert.match(await site.refuses(), /\[server-1\] because: v1\.36\.0\+k3s1 runs here, and v1\.34\.3\+k3s1 is older/);
  });
});
