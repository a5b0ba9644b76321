/** Runs that are killed and providers that fail, by a small program under the real engine. */
import assert from "node:assert/strict";

import { disposing, Fleet, must, needsPulumi, type Stack } from "../kits/engine/harness.ts";
import { summary } from "../kits/fleets/two-sites.ts";
import { emptySite, expectConverged, PROGRAM, RELEASE, VM } from "./sample.ts";

describe("a run that is killed", () => {
  let fleet: Fleet;
  let site: Stack;

  before(needsPulumi);
  beforeEach(async () => {
    fleet = Fleet.create({ program: PROGRAM });
    site = fleet.stack("a");
    await site.init();
  });
  afterEach(disposing(() => fleet));

  it("leaves a lock; after `cancel`, the next run ends what was begun", async () => {
    const killed = await site.up({ kill: { method: "create", type: VM, nth: 1, when: "before" } });
    assert.equal(killed.killed, true);
    assert.match((await site.up()).stderr, /currently locked/);
    must(await site.cancel());
    const { pendingOperations } = await site.export();
    assert.ok(pendingOperations.some((one) => one.type === "creating" && one.resource.type === VM));
    expectConverged(fleet, await site.up());
    must(await site.refresh({ args: ["--clear-pending-creates"] }));
    assert.deepEqual((await site.export()).pendingOperations, []);
    assert.deepEqual(summary(must(await site.up())), []);
  });

  it("after it made a VM: the next run is refused the number, until the VM is imported", async () => {
    await site.up({ kill: { method: "create", type: VM, nth: 1, when: "after" } });
    must(await site.cancel());
    const refused = await site.up();
    assert.match(refused.errors.join("\n"), /unable to create VM 101: config file already exists/);
    const proxmox = (await site.export()).resources.find((one) => one.type === "pulumi:providers:proxmoxve");
    assert.ok(proxmox);
    const into = ["--provider", `proxmox=${proxmox.urn}`, "--protect=false", "--generate-code=false"];
    must(
      await fleet.pulumi(["import", "--yes", "--skip-preview", "--stack", site.name, ...into, VM, "server", "pve/101"]),
    );
    must(await site.refresh({ args: ["--clear-pending-creates"] }));
    expectConverged(fleet, await site.up());
    assert.deepEqual(summary(must(await site.up())), []);
  });

  it("after it made a release: the name is in use, as Helm says", async () => {
    await site.up({ kill: { method: "create", type: RELEASE, nth: 1, when: "after" } });
    must(await site.cancel());
    assert.match((await site.up()).errors.join("\n"), /cannot re-use a name that is still in use/);
  });

  it("while a script ran: the script runs again", async () => {
    await site.up({ kill: { method: "create", name: "install", nth: 1, when: "after" } });
    must(await site.cancel());
    expectConverged(fleet, await site.up());
    assert.equal(fleet.calls({ method: "run", name: "install" }).length, 2);
  });
});

describe("a provider in trouble", () => {
  let fleet: Fleet;
  let site: Stack;

  before(needsPulumi);
  before(async () => {
    ({ fleet, site } = await emptySite());
  });
  after(disposing(() => fleet));

  it("fails once: the run says so, and the next one goes through", async () => {
    fleet.setFaults([{ id: "pool", name: "pool", method: "create", nth: 1, when: "before", do: "fail" }]);
    const run = await site.up();
    assert.match(run.errors.join("\n"), /simulated fail before create of pool/);
    expectConverged(fleet, await site.up());
  });

  it("dies: the run ends with an error, and the next one goes through", async () => {
    fleet.setFaults([{ id: "greeting", name: "greeting", method: "create", nth: 1, when: "after", do: "die" }]);
    await site.configure({ "sample:greeting": "hello again" });
    assert.notEqual((await site.up()).exitCode, 0);
    const refused = await site.up();
    assert.match(refused.errors.join("\n"), /configmaps "greeting" already exists/);
  });
});
