/** VMs that a run would delete and make anew: what is refused before anything is registered, on the state of a former release. */
import assert from "node:assert/strict";

import { inOrder } from "../in-order.ts";
import { changed, must, needsPulumi } from "./harness.ts";
import { takeOver } from "./releases/take-over.ts";
import { TwoSites } from "./two-sites.ts";

const vm = "proxmoxve:index/vmLegacy:VmLegacy";

describe("VMs that are to be made anew", function () {
  inOrder(this);
  let sites: TwoSites;
  const rebuild = (name: string, word: string): (() => void) =>
    sites.edit("Pulumi.site-a.yaml", ["config", "isthmus:site", "nodes", name, "vm", "rebuild"], word);
  const unprotect = async (name: string): Promise<void> => {
    const found = (await sites.a.export()).resources.find(({ urn }) => urn.endsWith(`::${name}-vm`));
    assert.ok(found);
    must(await sites.fleet.pulumi(["state", "unprotect", found.urn, "--yes", "--stack", "site-a"]));
  };
  const deletions = (): number => sites.fleet.calls({ method: "delete", preview: false }).length;

  before(needsPulumi);
  before(async () => {
    sites = new TwoSites();
    await sites.init(sites.a);
    await takeOver(sites, sites.a, "2026-11-28");
    for (const name of ["k3s-a-server-1", "k3s-a-server-2"]) await unprotect(name);
  });
  after(() => {
    sites.dispose();
  });

  it("are refused if there are two, though the release before remembered no VM: in a preview, and in an `up` before its first call", async () => {
    const undo = [rebuild("k3s-a-server-1", "now"), rebuild("k3s-a-server-2", "now")];
    for (const run of [await sites.a.preview(), await sites.a.up()]) {
      assert.notEqual(run.exitCode, 0);
      const said = run.errors.join("\n");
      assert.match(said, /would delete 2 VMs with their disks/);
      for (const name of ["k3s-a-server-1", "k3s-a-server-2"])
        assert.ok(said.includes(`${name}: nodes.${name}.vm.rebuild in Pulumi.site-a.yaml`), said);
      assert.doesNotMatch(`${run.stdout}${run.stderr}`, /\n\s+at .*:\d+:\d+/);
      assert.deepEqual(changed(run.done), []);
    }
    assert.equal(deletions(), 0);
    for (const one of undo.reverse()) one();
  });

  it("are kept where no server that stays can be asked whether the cluster can do without", async () => {
    const undo = rebuild("k3s-a-server-2", "now");
    must(await sites.a.preview());
    const run = await sites.a.up();
    assert.notEqual(run.exitCode, 0);
    assert.match(
      run.errors.join("\n"),
      /the VM of k3s-a-server-2[^]*none of these hosts can be reached:\n +k3s-a-server-1/,
    );
    assert.doesNotMatch(run.errors.join("\n"), /canary/);
    assert.equal(deletions(), 0);
    undo();
  });

  it("go by consent, and the run after knows what was done", async () => {
    rebuild("k3s-a-server-2", "now");
    const run = must(await sites.a.up({ env: { ISTHMUS_REPLACE: "k3s-a-server-2" } }));
    assert.deepEqual(
      run.done.filter(({ type, op }) => type === vm && op !== "same").map(({ op, name }) => `${op} ${name}`),
      ["delete-replaced k3s-a-server-2-vm", "replace k3s-a-server-2-vm", "create-replacement k3s-a-server-2-vm"],
    );
    must(await sites.a.up({ args: ["--expect-no-changes"] }));
  });
});
