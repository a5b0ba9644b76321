/** Each type of resource in a cluster × what a run was doing with it × when it died: `recover` settles it, and `up` goes on. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

import { SimulatedApi } from "./cluster-api.ts";
import {
  changed,
  disposing,
  Fleet,
  must,
  needsPulumi,
  type Kill,
  type Run,
  type Stack,
} from "../kits/engine/harness.ts";
import type { Revision } from "../kits/providers/rules/kubernetes-release.ts";
import { repository } from "../kits/fleets/two-sites.ts";

const types = {
  Namespace: "kubernetes:core/v1:Namespace",
  Secret: "kubernetes:core/v1:Secret",
  Lease: "kubernetes:coordination.k8s.io/v1:Lease",
  Release: "kubernetes:helm.sh/v3:Release",
} as const;
type Kind = keyof typeof types;

let api: SimulatedApi;
let fleet: Fleet;
let stack: Stack;

/** A stack of its own in a world of its own. */
async function begin(): Promise<void> {
  fleet = Fleet.create({ program: join(import.meta.dirname, "fixtures/recover") });
  api.serves(fleet.store);
  api.asked.length = 0;
  stack = fleet.stack("site-a");
  await stack.init();
  await stack.configure({}, { "recover:kubeconfig": api.kubeconfig });
}

const set = (values: Readonly<Record<string, string>>): Promise<void> =>
  stack.configure(Object.fromEntries(Object.entries(values).map(([key, value]) => [`recover:${key}`, value])));

async function recover(): Promise<string> {
  const run = await execa(
    process.execPath,
    [join(repository, "cli/isthmus.js"), "recover", "site-a", "--confirm", "site-a"],
    {
      cwd: fleet.program,
      env: { ...fleet.env },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    },
  );
  assert.equal(run.exitCode, 0, `${run.stdout}\n${run.stderr}`);
  return run.stdout;
}

async function killed(kill: Kill): Promise<void> {
  const run = await stack.up({ kill });
  assert.equal(run.killed, true, `${run.stdout}\n${run.stderr}`);
}

const summary = (run: Run): readonly string[] => changed(run.done).map((step) => `${step.op} ${step.name}`);

function thing(kind: Kind): Readonly<Record<string, unknown>> | undefined {
  return fleet.store.list().find(({ key }) => (key[2] ?? "").endsWith(kind))?.state;
}

/** A Secret as whoever reads it finds it. */
function secretData(): Readonly<Record<string, string>> {
  const { data = {} } = (thing("Secret")?.["outputs"] ?? {}) as { data?: Readonly<Record<string, string>> };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
}

const revisions = (): readonly string[] =>
  ((thing("Release")?.["revisions"] ?? []) as readonly Revision[]).map(
    ({ revision, status }) => `v${String(revision)} ${status}`,
  );

/** Everything has the value, and another run finds nothing to do. */
async function holds(value: string): Promise<void> {
  const args = ["--expect-no-changes"];
  must(await stack.up({ args }));
  must(await stack.up({ args: [...args, "--refresh"] }));
  const text = (kind: Kind): string => JSON.stringify(thing(kind)?.["inputs"]);
  assert.match(text("Namespace"), new RegExp(`"value":"${value}"`));
  assert.equal(secretData()["token"], value);
  assert.match(text("Lease"), new RegExp(`"holderIdentity":"${value}"`));
  assert.match(text("Release"), new RegExp(`"value":"${value}"`));
  assert.deepEqual([...fleet.store.duplicates().keys()], []);
}

/** A release takes steps; everything else is there or not. */
const momentsOf = (kind: Kind): readonly Kill["when"][] =>
  kind === "Release" ? ["before", "halfway", "after"] : ["before", "after"];

const cellsOf = (...kinds: readonly Kind[]): readonly (readonly [Kind, Kill["when"]])[] =>
  kinds.flatMap((kind) => momentsOf(kind).map((when) => [kind, when] as const));

describe("a run that dies in a cluster, again and again", function () {
  before(needsPulumi);
  before(async () => {
    api = await SimulatedApi.start();
    await begin();
  });
  after(disposing(() => fleet));
  after(() => {
    api.stop();
  });

  const settles = async (method: Kill["method"], [kind, when]: readonly [Kind, Kill["when"]]): Promise<string> => {
    await killed({ method, type: types[kind], nth: 1, when });
    const told = await recover();
    assert.deepEqual((await stack.export()).pendingOperations, []);
    return told;
  };

  for (const [kind, when] of cellsOf("Namespace", "Secret", "Lease", "Release")) {
    it(`${when} it made a ${kind}: it is looked for, and taken up where it is whole`, async () => {
      const told = await settles("create", [kind, when]);
      assert.match(told, when === "after" ? /is there and was taken up/ : /is not there: the next `up` makes it/);
      assert.deepEqual(/forgotten/.test(told), when === "halfway");
    });
  }
  it("comes up", async () => {
    must(await stack.up());
    await holds("one");
    await set({ value: "two" });
  });

  for (const [kind, when] of cellsOf("Namespace", "Secret", "Lease", "Release")) {
    it(`${when} it changed a ${kind}: the next one does it again`, async () => {
      assert.match(await settles("update", [kind, when]), /: the next `up` does it again/);
    });
  }
  it("carries every change through", async () => {
    must(await stack.up());
    await holds("two");
  });

  for (const [kind, when] of cellsOf("Secret", "Lease", "Release")) {
    it(`${when} it deleted a ${kind}: what is gone is forgotten, what is there is deleted`, async () => {
      await set({ without: kind });
      assert.match(await settles("delete", [kind, when]), when === "after" ? /is gone/ : /is still there/);
      if (when !== "after") return;
      await set({ without: kind });
      assert.equal(thing(kind), undefined);
      must(await stack.up());
    });
  }
});

describe("what a run that died left of a release", function () {
  before(needsPulumi);
  before(async () => {
    api = await SimulatedApi.start();
  });
  after(() => {
    api.stop();
  });
  afterEach(disposing(() => fleet));

  it("is one revision, which Helm forgets: nothing is uninstalled", async () => {
    await begin();
    must(await stack.up());
    await set({ value: "two" });
    await killed({ method: "update", type: types.Release, nth: 1, when: "halfway" });
    assert.deepEqual(revisions(), ["v2 pending-upgrade", "v1 deployed"]);
    const told = await recover();
    assert.match(told, /Helm left apps\/shop in "pending-upgrade": revision 2 is forgotten, nothing of it is deleted/);
    assert.deepEqual(
      api.asked.filter((asked) => asked.startsWith("DELETE")),
      ["DELETE /api/v1/namespaces/apps/secrets/sh.helm.release.v1.shop.v2"],
    );
    assert.deepEqual(fleet.calls({ method: "delete" }), []);
    assert.deepEqual(revisions(), ["v1 deployed"]);
    assert.deepEqual(summary(must(await stack.up())), ["update shop"]);
  });

  it("is settled, too, where a refresh took it for what is there, and no pending operation tells of it", async () => {
    await begin();
    must(await stack.up());
    await set({ value: "two" });
    await killed({ method: "update", type: types.Release, nth: 1, when: "halfway" });
    must(await stack.cancel());
    const refreshed = summary(must(await stack.up({ args: ["--refresh"] }))).filter(
      (one) => !one.startsWith("refresh "),
    );
    assert.deepEqual(refreshed, [], "the refresh hides it");
    assert.deepEqual((await stack.export()).pendingOperations, []);
    await recover();
    assert.deepEqual(summary(must(await stack.up())), ["update shop"]);
    await holds("two");
  });

  it("is somebody else's where the stack does not know the release", async () => {
    await begin();
    must(await stack.up());
    const [made] = fleet.store.list().filter(({ key }) => key[2] === "Release");
    assert.ok(made);
    const key = [...made.key.slice(0, 4), "theirs"];
    const pending = [{ revision: 1, status: "pending-install", inputs: {} }];
    fleet.store.put({ ...made, key, state: { ...made.state, revisions: pending } });
    assert.match(await recover(), /nothing half made/);
    assert.deepEqual(fleet.store.get(key)?.state["revisions"], pending);
  });
});

describe("an object whose writer is a run that died", function () {
  before(needsPulumi);
  before(async () => {
    api = await SimulatedApi.start();
  });
  after(() => {
    api.stop();
  });
  afterEach(disposing(() => fleet));

  const managers = (kind: Kind): readonly string[] => Object.keys(thing(kind)?.["managers"] ?? {});

  it("could not be changed for ever by the program as it was: the rules know the conflict", async () => {
    await begin();
    await set({ before: "true" });
    await killed({ method: "create", type: types.Secret, nth: 1, when: "after" });
    must(await stack.cancel());
    await set({ value: "two" });
    const run = await stack.up();
    assert.notEqual(run.exitCode, 0);
    assert.match(
      run.errors.join("\n"),
      /Apply failed with 1 conflict: conflict with "pulumi-kubernetes-[0-9a-f]{8}": \.stringData\.token/,
    );
  });

  it("is handed over to the one writer of all runs, and loses what is declared no more", async () => {
    await begin();
    await set({ before: "true" });
    await killed({ method: "create", type: types.Lease, nth: 1, when: "after" });
    const [dead] = managers("Lease");
    const told = await recover();
    assert.match(told, new RegExp(`Lease apps/lease has fields that ${String(dead)} wrote`));
    assert.match(JSON.stringify(thing("Lease")?.["inputs"]), /leaseTransitions/);
    await set({ before: "false", value: "few" });
    must(await stack.up());
    assert.deepEqual(managers("Lease"), ["isthmus"]);
    assert.doesNotMatch(JSON.stringify(thing("Lease")?.["inputs"]), /leaseTransitions/);
  });

  it("loses a key of a Secret that is declared no more: what came as stringData would stay", async () => {
    await begin();
    must(await stack.up());
    assert.deepEqual(secretData(), { token: "one", more: "constant" });
    await set({ value: "few" });
    must(await stack.up());
    assert.deepEqual(secretData(), { token: "one" });
    await set({ value: "two", before: "true" });
    must(await stack.up());
    await set({ value: "few" });
    must(await stack.up());
    assert.deepEqual(secretData(), { token: "one", more: "constant" }, "so a real API server answers");
  });

  it("is written on from a state of before, whatever became of it since", async () => {
    await begin();
    must(await stack.up());
    const older = await fleet.pulumi(["stack", "export", "--stack", "site-a"]);
    const state = JSON.parse(older.stdout) as { deployment: { resources: { urn: string; type: string }[] } };
    const { resources } = state.deployment;
    const secret = resources.find(({ type }) => type === types.Secret)?.urn ?? "";
    const others = resources.filter(({ type }) => type !== types.Secret);
    // Who came after it knows nothing of it either.
    const forgets = (_: string, value: unknown): unknown =>
      Array.isArray(value) ? value.filter((one) => one !== secret) : value;
    const file = join(fleet.program, "older.json");
    writeFileSync(file, JSON.stringify({ ...state, deployment: { ...state.deployment, resources: others } }, forgets));
    must(await fleet.pulumi(["stack", "import", "--stack", "site-a", "--file", file]));
    await set({ value: "two" });
    must(await stack.up());
    await holds("two");
    assert.deepEqual(managers("Secret"), ["isthmus"]);
  });

  it("of a version before is written on by this one, while values change", async () => {
    await begin();
    await set({ before: "true" });
    must(await stack.up());
    await set({ before: "false", value: "two" });
    must(await stack.up());
    for (const kind of ["Namespace", "Secret", "Lease"] as const) assert.deepEqual(managers(kind), ["isthmus"]);
    await holds("two");
  });
});
