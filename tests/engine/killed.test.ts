/** Runs of the real program that die as in a power cut; then `npm run recover` and `up`, as a person would. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { must, needsPulumi, type Kill } from "../kits/engine/harness.ts";
import { summary, TwoSites } from "../kits/fleets/two-sites.ts";

const kills: readonly { readonly while: string; readonly kill: Kill; readonly says: RegExp }[] = [
  {
    while: "it made a password",
    kill: { method: "create", type: "random:index/randomPassword:RandomPassword", nth: 1, when: "after" },
    says: /creating site-a-\S+ \(random:index\/randomPassword:RandomPassword\): the next `up` does it again/,
  },
  {
    while: "it made a VM",
    kill: { method: "create", type: "proxmoxve:index/vmLegacy:VmLegacy", nth: 2, when: "after" },
    says: /-vm is there and was taken up/,
  },
  {
    while: "k3s was being installed",
    kill: { method: "create", name: "site-a-k3s-k3s-a-server-2", nth: 1, when: "before" },
    says: /creating site-a-k3s-k3s-a-server-2 \(command:local:Command\): the next `up` does it again/,
  },
  {
    while: "it installed a chart",
    kill: { method: "create", type: "kubernetes:helm.sh/v3:Release", nth: 3, when: "after" },
    says: /\(kubernetes:helm\.sh\/v3:Release\): is looked for as \S+\/\S+, and taken up if it is there/,
  },
  {
    while: "it wrote a Secret",
    kill: { method: "create", type: "kubernetes:core/v1:Secret", nth: 2, when: "after" },
    says: /is there and was taken up/,
  },
];

describe("a site whose `up` is killed again and again", () => {
  let sites: TwoSites;

  before(needsPulumi);
  before(async () => {
    sites = new TwoSites();
    await sites.init(sites.a);
  });
  after(() => {
    sites.dispose();
  });

  for (const { while: moment, kill, says } of kills) {
    it(`while ${moment}: recover tells what was under way and settles it`, async () => {
      const killed = await sites.a.up({ kill });
      assert.equal(killed.killed, true, killed.errors.join("\n"));
      const recovered = await sites.tool("recover", ["site-a", "--confirm", "site-a"]);
      assert.equal(recovered.exitCode, 0, `${recovered.stdout}\n${recovered.stderr}`);
      assert.match(recovered.stdout, says);
      assert.match(recovered.stdout, /The lock of site-a is held:\n.*created by/);
      assert.deepEqual((await sites.a.export()).pendingOperations, []);
      assert.deepEqual([...sites.fleet.store.duplicates().keys()], []);
    });
  }

  it("then goes up, with everything there once, and another `up` changes nothing", async () => {
    must(await sites.a.up());
    assert.deepEqual([...sites.fleet.store.duplicates().keys()], []);
    assert.deepEqual(summary(must(await sites.a.up({ args: ["--expect-no-changes"] }))), []);
  });

  it("recovering what is in order changes nothing", async () => {
    const before = await sites.a.export({ secrets: true });
    const again = await sites.tool("recover", ["site-a", "--confirm", "site-a"]);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stdout, /no lock and nothing half made/);
    assert.deepEqual(await sites.a.export({ secrets: true }), before);
  });

  it("recovers a backend whose files were cut off as they were written", async () => {
    const file = join(sites.fleet.backend, ".pulumi/stacks/isthmus/site-a.json");
    const withChecksums = { PULUMI_BACKEND_URL: `file://${sites.fleet.backend}` };
    writeFileSync(`${file}.attrs`, "");
    assert.match((await sites.fleet.pulumi(["stack", "ls", "--json"], { env: withChecksums })).stderr, /EOF/);
    const recovered = await sites.tool("recover", ["site-a", "--confirm", "site-a"], withChecksums);
    assert.equal(recovered.exitCode, 0, recovered.stderr);
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 1000));
    const again = await sites.tool("recover", ["site-a", "--confirm", "site-a"]);
    assert.match(again.stdout, /site-a\.json was cut off: the copy before it takes its place/);
    must(await sites.a.preview({ args: ["--expect-no-changes"] }));
  });

  it("says which stacks there are where it gets the name of none", async () => {
    const asked = await sites.tool("recover", ["site-c"]);
    assert.equal(asked.exitCode, 3);
    assert.match(asked.stderr, /no stack "site-c"; there are: site-a/);
  });
});
