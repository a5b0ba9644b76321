/** Who answers on an overlay: a port on addresses that nodes own, and not an address that is on no interface. */
import assert from "node:assert/strict";

import { announced, nodePort, nodes, overlayAddress, OverlayLab } from "../../kits/overlay/overlay-lab.ts";
import { requireHosts } from "../../kits/lab/hosts.ts";

const listing = /Directory listing/;

describe("a service on an overlay", function () {
  this.timeout(180_000);
  let lab: OverlayLab | undefined;

  before(function () {
    requireHosts(this);
  });
  afterEach(async () => {
    await lab?.destroy();
    lab = undefined;
  });

  it("is not reached at an address that is only announced: ZeroTier asks nobody for it", async () => {
    lab = await OverlayLab.create("zerotier");
    await lab.announce("home-1");
    await assert.rejects(lab.fetch(1, [announced], 9000), /\(7\)|\(28\)/);
    // It is the query that nobody gets: the same announcement is enough where everybody is asked.
    await lab.destroy();
    lab = await OverlayLab.create("switch");
    await lab.announce("home-1");
    assert.match(await lab.fetch(1, [announced], 9000), listing);
  });

  it("is reached at the address of every node, whichever of them its pod runs on, from a pod of the other site", async () => {
    lab = await OverlayLab.create("zerotier");
    for (const node of nodes) assert.match(await lab.fetch(1, [overlayAddress(node)], nodePort), listing, node);
  });

  it("is reached by its name while any listed node answers, and not from a node without an overlay address", async () => {
    lab = await OverlayLab.create("zerotier");
    await lab.switchOff("home-1");
    const addresses = nodes.map(overlayAddress);
    await assert.rejects(lab.fetch(1, addresses.slice(0, 1), nodePort), /\(7\)|\(28\)/);
    assert.match(await lab.fetch(1, addresses, nodePort), listing);
    await assert.rejects(lab.fetch(2, addresses, nodePort), /\(7\)|\(28\)/);
  });
});
