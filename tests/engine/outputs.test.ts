/** Outputs of stacks, and providers whose configuration is not known yet, by a small program under the real engine. */
import assert from "node:assert/strict";

import { disposing, Fleet, must, needsPulumi, type Stack } from "../kits/engine/harness.ts";
import { summary } from "../kits/fleets/two-sites.ts";
import { PROGRAM, VM } from "./sample.ts";

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
