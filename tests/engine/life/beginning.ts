/** Before anything exists. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { changed, must } from "../../kits/engine/harness.ts";
import { canaries, repository, type TwoSites } from "../../kits/fleets/two-sites.ts";

const pack = join(repository, "policy");

export function beginning(sites: () => TwoSites): void {
  it("a preview needs no secret: it says which are missing and shows everything, what is not known yet as unknown", async () => {
    const { a, fleet } = sites();
    await a.init();
    const run = must(await a.preview({ policyPack: pack }));
    assert.deepEqual(new Set(changed(run.planned).map(({ op }) => op)), new Set(["create"]));
    assert.match(run.warnings.join("\n"), /Secrets of site-a are not set:\n.*isthmus:secrets\.cloudflareToken/);
    assert.match(run.stdout, /kubeconfig +: \[unknown\]/);
    assert.deepEqual(fleet.store.list(), []);
    assert.deepEqual(fleet.calls({ method: "run" }), [], "a preview runs nothing on a host");
  });

  it("no rule depends on a value that is unknown in a first preview", () => {
    const run = sites().fleet.runs.find(({ command }) => command.startsWith("pulumi preview"));
    assert.ok(run);
    assert.deepEqual(
      run.policies.map(({ policy, message }) => `${policy}: ${message}`),
      [],
    );
  });

  it("an update without secrets is refused before anything is made, in one message and without a stack trace", async () => {
    const { a, fleet } = sites();
    const run = await a.up();
    assert.notEqual(run.exitCode, 0);
    const said = run.errors.join("\n");
    for (const key of Object.keys(canaries)) assert.ok(said.includes(key), key);
    assert.doesNotMatch(`${run.stdout}${run.stderr}`, /\n\s+at .*:\d+:\d+/);
    assert.deepEqual(fleet.store.list(), []);
    await a.configure({}, canaries);
  });

  it("a mandatory violation stops `up` in its preview phase: nothing is made", async () => {
    const { a, fleet, edit } = bound(sites());
    const path = ["config", "isthmus:site"];
    const undo = [
      edit("Pulumi.site-a.yaml", [...path, "promises"], undefined),
      edit("Pulumi.site-a.yaml", [...path, "nodes", "k3s-a-server-2", "vm", "host"], "pve-a-1"),
    ];
    const run = await a.up({ policyPack: pack, preview: true });
    for (const one of undo.reverse()) one();
    assert.notEqual(run.exitCode, 0);
    // The program says so before the pack has anything to look at (tests/engine/refused.test.ts).
    assert.match(run.errors.join("\n"), /Pulumi\.site-a\.yaml:\d+: nodes\.k3s-a-server-.*\[etcd-on-distinct-hosts\]/);
    assert.deepEqual(run.policies, []);
    assert.deepEqual(run.done, []);
    assert.deepEqual(fleet.calls({ method: "create", preview: false }), []);
    assert.deepEqual(fleet.store.list(), []);
  });
}

const bound = (sites: TwoSites) => ({ a: sites.a, fleet: sites.fleet, edit: sites.edit.bind(sites) });
