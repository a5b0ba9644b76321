/** VMs that a run would delete and make anew: what is refused before anything is registered, on the state of a former release. */
import assert from "node:assert/strict";

import { inOrder } from "../kits/in-order.ts";
import { changed, must, needsPulumi } from "../kits/engine/harness.ts";
import { takeOver } from "./releases/take-over.ts";
import { TwoSites } from "../kits/fleets/two-sites.ts";

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
    // The state is of a release without a pool: the others are put into it, in place.
    assert.deepEqual(
      run.done
        .filter(({ type, op }) => type === vm && op !== "same" && op !== "update")
        .map(({ op, name }) => `${op} ${name}`),
      ["delete-replaced k3s-a-server-2-vm", "replace k3s-a-server-2-vm", "create-replacement k3s-a-server-2-vm"],
    );
    must(await sites.a.up({ args: ["--expect-no-changes"] }));
  });

  describe("while a run before was killed between the deletion of one and its creation", () => {
    let takeBack: () => void;

    before(async () => {
      await unprotect("k3s-a-server-2");
      rebuild("k3s-a-server-2", "again");
      const run = await sites.a.up({
        env: { ISTHMUS_REPLACE: "k3s-a-server-2" },
        kill: { method: "create", name: "k3s-a-server-2-vm", nth: 1, when: "before" },
      });
      assert.equal(run.killed, true, run.errors.join("\n"));
      takeBack = rebuild("k3s-a-server-1", "now");
    });

    const refused = async (...runs: readonly ("preview" | "up")[]): Promise<void> => {
      const deleted = deletions();
      for (const kind of runs) {
        const run = await sites.a[kind]();
        assert.notEqual(run.exitCode, 0);
        const said = run.errors.join("\n");
        assert.match(said, /A run before did not finish with k3s-a-server-2:/);
        assert.match(said, /k3s-a-server-1: nodes\.k3s-a-server-1\.vm\.rebuild in Pulumi\.site-a\.yaml/);
        assert.deepEqual(changed(run.done), []);
      }
      assert.equal(deletions(), deleted);
    };

    it("are refused by name, as the engine left the state", async () => {
      await refused("preview");
    });

    it("are refused by name after `recover`, which took the VM that is gone out of the state", async () => {
      const recovered = await sites.tool("recover", ["site-a", "--confirm", "site-a"]);
      assert.match(recovered.stdout, /k3s-a-server-2-vm is not there: the next `up` makes it/);
      await refused("preview", "up");
    });

    it("wait for that one, which goes on alone, without further consent", async () => {
      takeBack();
      const run = must(await sites.a.up());
      assert.deepEqual(
        run.done.filter(({ type, op }) => type === vm && op !== "same").map(({ op, name }) => `${op} ${name}`),
        ["create k3s-a-server-2-vm"],
      );
      must(await sites.a.up({ args: ["--expect-no-changes"] }));
    });

    it("then go on with the next, of which the servers are asked", async () => {
      rebuild("k3s-a-server-1", "now");
      assert.match(
        (await sites.a.up()).errors.join("\n"),
        /the VM of k3s-a-server-1[^]*none of these hosts can be reached/,
      );
    });
  });
});
