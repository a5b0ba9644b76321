/** The harness and the simulated providers, by a small program under the real engine. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { changed, disposing, Fleet, must, needsPulumi, type Run, type Stack } from "../kits/engine/harness.ts";
import { summary } from "../kits/fleets/two-sites.ts";

const PROGRAM = join(import.meta.dirname, "fixtures/sample");
const VM = "proxmoxve:index/vmLegacy:VmLegacy";
const RELEASE = "kubernetes:helm.sh/v3:Release";

function expectConverged(fleet: Fleet, run: Run): void {
  assert.equal(run.exitCode, 0, run.errors.join("\n"));
  assert.deepEqual([...fleet.store.duplicates().keys()], []);
}

async function emptySite(): Promise<{ readonly fleet: Fleet; readonly site: Stack }> {
  const fleet = Fleet.create({ program: PROGRAM });
  const site = fleet.stack("a");
  await site.init();
  return { fleet, site };
}

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

interface Seen {
  readonly own: string;
  readonly ownPassword: string;
  readonly ownSecrets: readonly string[];
  readonly peer: string;
  readonly peerReason: string;
  readonly peerStable: string;
}

describe("outputs of other stacks, and of one's own last run", () => {
  let fleet: Fleet;
  let site: Stack;
  let peer: Stack;
  const outputs = async (): Promise<{ readonly seen: Seen; readonly round: number }> =>
    (await site.outputs()) as unknown as { readonly seen: Seen; readonly round: number };

  before(needsPulumi);
  before(async () => {
    fleet = Fleet.create({ program: PROGRAM });
    [site, peer] = [fleet.stack("a"), fleet.stack("b")];
    await site.init();
    await site.configure({ "sample:peer": "b" });
  });
  after(disposing(() => fleet));

  it("an absent stack is refused, which a program can catch; one's own is empty before the first up", async () => {
    must(await site.preview());
    must(await site.up());
    const { seen, round } = await outputs();
    assert.deepEqual([seen.own, seen.peer, round], ["read", "refused", 1]);
    assert.match(seen.peerReason, /unknown stack "organization\/sample\/b"/);
  });

  it("one's own are those of the run before: in a preview, and in an up", async () => {
    assert.match(must(await site.preview()).stdout, /round +: 1 => 2/);
    must(await site.up({ preview: true }));
    assert.equal((await outputs()).round, 2);
  });

  it("a changed output alone is no change", async () => {
    must(await site.up({ args: ["--expect-no-changes"] }));
    assert.equal((await outputs()).round, 3);
  });

  it("a run that was killed leaves the outputs of the run before", async () => {
    await site.configure({ "sample:memory": "8192" });
    const killed = await site.up({ kill: { method: "update", type: VM, nth: 1, when: "before" } });
    assert.equal(killed.killed, true);
    must(await site.cancel());
    assert.equal((await outputs()).round, 3);
    must(await site.up());
    assert.equal((await outputs()).round, 4);
  });

  it("secrets arrive in plain and without a mark; their names come beside them", async () => {
    const { seen } = await outputs();
    assert.equal(seen.ownPassword, "string without a mark");
    assert.deepEqual([...seen.ownSecrets].sort(), ["installed", "loginPassword", "serverKeyOpenssh"]);
  });

  it("a stack that is there and was never up has no outputs; after its up it has", async () => {
    await peer.init();
    must(await site.up());
    assert.deepEqual([(await outputs()).seen.peer, (await outputs()).seen.peerStable], ["read", "absent"]);
    must(await peer.up());
    must(await site.up());
    assert.equal((await outputs()).seen.peerStable, "stable of b");
  });

  it("a StackReference to an absent stack fails the whole preview", async () => {
    await site.configure({ "sample:peer": "c", "sample:strictPeer": "true" });
    const run = await site.preview();
    assert.notEqual(run.exitCode, 0);
    assert.match(run.errors.join("\n"), /unknown stack "organization\/sample\/c"/);
  });
});

describe("the kubernetes provider, when its kubeconfig is not known yet", () => {
  let fleet: Fleet;

  before(needsPulumi);
  before(() => {
    fleet = Fleet.create({ program: PROGRAM });
  });
  after(disposing(() => fleet));

  /** Brought up, then previewed and brought up with the kubeconfig being read anew: the same, as it turns out. */
  async function readAnew(
    name: string,
    config: Readonly<Record<string, string>>,
  ): Promise<{ readonly planned: readonly string[]; readonly done: readonly string[] }> {
    const stack = fleet.stack(name);
    await stack.init();
    await stack.configure({ ...config, "sample:kubeconfigRound": "1" });
    must(await stack.up());
    await stack.configure({ "sample:kubeconfigRound": "2" });
    return { planned: summary(must(await stack.preview())), done: summary(must(await stack.up())) };
  }
  const ofKubeconfig = /^(create-replacement|delete-replaced|replace) kubeconfig$/;

  it("is replaced in the preview, with all that is in the cluster", async () => {
    const { planned } = await readAnew("without", {});
    for (const name of ["cluster", "metallb", "pool", "login", "greeting"])
      assert.ok(planned.includes(`replace ${name}`), name);
  });

  it("stays where it has a clusterIdentifier; what is in the cluster might be updated, says the preview, and is not", async () => {
    const { planned, done } = await readAnew("with", { "sample:clusterIdentifier": "site-a" });
    const others = planned.filter((step) => !ofKubeconfig.test(step));
    assert.deepEqual(
      others.filter((step) => !step.startsWith("update ")),
      [],
    );
    assert.deepEqual(
      done.filter((step) => !ofKubeconfig.test(step)),
      [],
    );
  });
});
