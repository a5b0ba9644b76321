/** The harness and the simulated providers, by a small program under the real engine. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { changed, disposing, Fleet, must, needsPulumi, type Stack } from "../kits/engine/harness.ts";
import { summary } from "../kits/fleets/two-sites.ts";

import { emptySite, expectConverged, PROGRAM } from "./sample.ts";

describe("a site under the real engine", () => {
  let fleet: Fleet;
  let site: Stack;

  before(needsPulumi);
  before(async () => {
    ({ fleet, site } = await emptySite());
  });
  after(disposing(() => fleet));

  it("is previewed before anything exists, with what is not known yet left unknown", async () => {
    const run = must(await site.preview());
    assert.deepEqual(new Set(changed(run.planned).map((step) => step.op)), new Set(["create"]));
    assert.equal(changed(run.planned).length, run.planned.length - 1);
    assert.match(run.stdout, /installed +: \[unknown\]/);
    assert.deepEqual(run.warnings, []);
    assert.deepEqual(fleet.store.list(), []);
    assert.deepEqual(fleet.calls({ method: "run" }), [], "a preview runs nothing on a host");
  });

  it("goes up, and everything that the program says exists once", async () => {
    const run = must(await site.up());
    expectConverged(fleet, run);
    const kinds = fleet.store.list().map((thing) => thing.key.slice(0, 1).concat(thing.key.slice(2)).join("/"));
    assert.deepEqual(kinds.sort(), [
      "kubernetes/Release/metallb-system/metallb",
      "kubernetes/core.ConfigMap/default/greeting",
      "kubernetes/core.Namespace//metallb-system",
      "kubernetes/core.Secret/default/login",
      "kubernetes/metallb.io.IPAddressPool/metallb-system/pool",
      "proxmoxve/file/pve/local:import/debian-13.qcow2",
      "proxmoxve/file/pve/local:snippets/user-data.yaml",
      "proxmoxve/vm/101",
    ]);
    assert.deepEqual(
      fleet.calls({ method: "run" }).map((call) => call.name),
      ["install", "kubeconfig"],
    );
  });

  it("changes nothing on a second up, and calls no create, update or delete", async () => {
    const before = fleet.calls().length;
    const run = must(await site.up({ args: ["--expect-no-changes"] }));
    assert.deepEqual(summary(run), []);
    const after = fleet
      .calls()
      .slice(before)
      .map((call) => call.method);
    assert.deepEqual(
      after.filter((method) => ["create", "update", "delete", "run"].includes(method)),
      [],
    );
  });

  it("touches one resource when one input changes", async () => {
    await site.configure({ "sample:metallb": "0.15.3" });
    const run = must(await site.up());
    assert.deepEqual(summary(run), ["update metallb"]);
    assert.deepEqual(changed(run.done)[0]?.diffs, ["version"]);
  });

  it("replaces what cannot be changed in place, and deletes first what keeps its name", async () => {
    await site.configure({ "sample:greeting": "good day" });
    const run = must(await site.up());
    assert.deepEqual(summary(run), ["delete-replaced greeting", "replace greeting", "create-replacement greeting"]);
  });

  it("runs a script again when it changes, and only it", async () => {
    await site.configure({ "sample:script": "install k3s, better" });
    const before = fleet.calls({ method: "run" }).length;
    const run = must(await site.up());
    assert.deepEqual(summary(run), ["update install"]);
    assert.deepEqual(
      fleet
        .calls({ method: "run" })
        .slice(before)
        .map((call) => call.name),
      ["install"],
    );
  });

  it("tells a failed script as the real provider does, and goes on from there", async () => {
    await site.configure({ "sample:script": "install k3s, wrongly" });
    fleet.setAnswers([{ command: "wrongly", stderr: "no such release", exitCode: 3 }]);
    const run = await site.up();
    assert.notEqual(run.exitCode, 0);
    assert.match(run.errors.join("\n"), /status 3: running "install k3s, wrongly":\nno such release/);
    fleet.setAnswers([]);
    must(await site.up());
  });

  it("goes down, and leaves nothing behind", async () => {
    must(await site.destroy());
    assert.deepEqual(fleet.store.list(), []);
  });
});

describe("secrets under the real engine", () => {
  const canaries = { "sample:token": "canary-token-5e1c", "sample:sshKey": "canary-key-77ab" };
  const answer = "canary-output-19fe";
  let fleet: Fleet;
  let site: Stack;
  const said: [place: string, content: string][] = [];

  before(needsPulumi);
  before(async () => {
    fleet = Fleet.create({ program: PROGRAM });
    site = fleet.stack("a");
    await site.init();
    await site.configure({}, canaries);
    fleet.setAnswers([{ command: "^install", stdout: answer }]);
    for (const run of [await site.preview(), await site.up(), await site.up({ args: ["--diff"] })]) {
      const { stdout, stderr, eventLog } = must(run);
      said.push(
        ...Object.entries({ stdout, stderr, eventLog }).map(([of, content]): [string, string] => [
          `${run.command}: ${of}`,
          content,
        ]),
      );
    }
  });
  after(disposing(() => fleet));

  it("are decrypted where they belong", async () => {
    const login = fleet.store.list().find((thing) => thing.key.includes("login"));
    assert.match(JSON.stringify(login?.state), new RegExp(canaries["sample:token"]));
    assert.equal((await site.outputs({ secrets: true }))["installed"], answer);
  });

  it("are nowhere in plain text: not in the state, its history, the events, the output, the log of calls", async () => {
    const { loginPassword } = (await site.outputs({ secrets: true })) as { loginPassword: string };
    const places = [...fleet.backendFiles(), ...said, ["calls", JSON.stringify(fleet.calls())]] as [string, string][];
    assert.ok(places.length > 10);
    const encoded = Buffer.from(loginPassword).toString("base64");
    for (const canary of [...Object.values(canaries), answer, loginPassword, encoded, "PRIVATE KEY"]) {
      const found = places.filter(([, content]) => content.includes(canary)).map(([place]) => place);
      assert.deepEqual(found, [], canary);
    }
  });
});

describe("an executor of a test's own", () => {
  let fleet: Fleet;

  before(needsPulumi);
  before(() => {
    fleet = Fleet.create({ program: PROGRAM, executor: join(import.meta.dirname, "fixtures/shouting-executor.ts") });
  });
  after(disposing(() => fleet));

  it("does the work of the commands in place of the table", async () => {
    const site = fleet.stack("a");
    await site.init();
    await site.configure({}, { "sample:token": "12345678" });
    must(await site.up());
    const { installed } = await site.outputs({ secrets: true });
    assert.equal(installed, "INSTALL K3S on server.a with 8 characters");
  });
});
