/** What a preview refuses, `up` refuses: by itself, before it registers anything, with the policy pack and without. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planStackFiles } from "../../plan/stack-files.ts";
import { changed, disposing, must, needsPulumi, type Run } from "../kits/engine/harness.ts";
import { repository, TwoSites } from "../kits/fleets/two-sites.ts";

const pack = join(repository, "policy");
const site = ["config", "isthmus:site"];

describe("an update that preview refuses", function () {
  this.timeout(240_000);
  let sites: TwoSites;
  let undo: (() => void)[] = [];

  before(needsPulumi);
  before(async () => {
    sites = new TwoSites();
    await sites.init(sites.a);
  });
  afterEach(() => {
    for (const one of undo.reverse()) one();
    undo = [];
  });
  after(disposing(() => (sites as TwoSites | undefined)?.fleet));

  /** Two etcd servers on one host; nothing promises that the site outlives a host, so that only the policy minds. */
  const serversOnOneHost = (): void => {
    undo = [
      sites.edit("Pulumi.site-a.yaml", [...site, "promises"], undefined),
      sites.edit("Pulumi.site-a.yaml", [...site, "nodes", "k3s-a-server-2", "vm", "host"], "pve-a-1"),
    ];
  };

  /** Nothing but the stack itself was registered, and nobody was asked for anything. */
  function untouched(run: Run): void {
    assert.notEqual(run.exitCode, 0);
    assert.deepEqual(
      changed([...run.planned, ...run.done]).filter(({ type }) => type !== "pulumi:pulumi:Stack"),
      [],
    );
    assert.deepEqual(sites.fleet.calls(), []);
    assert.deepEqual(sites.fleet.store.list(), []);
    assert.doesNotMatch(`${run.stdout}${run.stderr}`, /\n\s+at .*:\d+:\d+/);
  }

  for (const [how, policy] of [
    ["without the pack", {}],
    ["with the pack", { policyPack: pack }],
  ] as const) {
    it(`is refused for a violated policy ${how}, with file, line, key and fix`, async () => {
      serversOnOneHost();
      const run = await sites.a.up({ ...policy, preview: true });
      assert.match(
        run.errors.join("\n"),
        /1 thing is wrong in the stack files:\s+Pulumi\.site-a\.yaml:\d+: nodes\.k3s-a-server-\d: .*pve-a-1.*\[etcd-on-distinct-hosts\]\s+Move k3s-a-server-/,
      );
      untouched(run);
    });

    it(`is refused for what the configuration and the plan say, all of it at once, ${how}`, async () => {
      undo = [
        sites.edit("Pulumi.site-a.yaml", [...site, "nodes", "k3s-a-server-2", "vm", "memory"], "1Gi"),
        sites.edit("Pulumi.site-b.yaml", [...site, "nodes", "k3s-b-agent-1", "vm", "id"], 201),
      ];
      const planned = planStackFiles(sites.fleet.program);
      assert.ok("findings" in planned && planned.findings.length >= 1);
      const run = await sites.a.up({ ...policy, preview: true });
      const said = run.errors.join("\n");
      for (const { rule, problem } of planned.findings) assert.ok(said.includes(`${problem} [${rule}]`), problem);
      untouched(run);
    });
  }

  it("goes on where policy-config.json lets it, and says what it advises", async () => {
    serversOnOneHost();
    const file = join(sites.fleet.program, "policy-config.json");
    writeFileSync(file, '{ "etcd-on-distinct-hosts": "advisory" }');
    const run = must(await sites.a.preview({ policyPack: pack, args: ["--policy-pack-config", file] }));
    assert.match(run.warnings.join("\n"), /\[etcd-on-distinct-hosts\]/);
    assert.deepEqual(
      [...new Set(run.policies.map(({ policy, level }) => `${policy} ${level}`))],
      ["etcd-on-distinct-hosts advisory"],
    );
  });
});
