/** The policy pack in the real engine: what it refuses, when, and that it says the same as the in-process evaluation. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, fromState, rules } from "@isthmus/policy";
import { disposing, Fleet, must, needsPulumi, type Run, type Stack } from "../kits/engine/harness.ts";

const pack = join(import.meta.dirname, "../../policy");
const program = join(import.meta.dirname, "fixtures/policy");
const names = rules.map((rule) => rule.id);

describe("policy pack", function () {
  this.timeout(180_000);
  before(needsPulumi);

  let fleet: Fleet;
  let stack: Stack;
  before(async () => {
    fleet = Fleet.create({ program });
    stack = fleet.stack("site-a");
    await stack.init();
  });
  after(disposing(() => fleet));

  const breaking = async (...broken: readonly string[]) => stack.configure({ "policy:break": broken.join(",") });

  it("passes a compliant stack before anything exists, and depends on nothing that is unknown then", async () => {
    await breaking("nothing");
    const run = must(await stack.preview({ policyPack: pack }));
    assert.deepEqual(run.policies, []);
  });

  it("stops `up` in its preview phase with every violation, where it is written and how it is fixed", async () => {
    await breaking(...names);
    const run = await stack.up({ policyPack: pack, preview: true });
    assert.notEqual(run.exitCode, 0);
    assert.deepEqual(
      run.policies.map(({ policy, level }) => `${policy} ${level}`).sort(),
      names.map((name) => `${name} mandatory`).sort(),
    );
    assert.deepEqual(run.done, []);
    assert.deepEqual(fleet.calls({ method: "create", preview: false }), []);
    assert.match(
      said(run, "etcd-on-distinct-hosts"),
      /pve-1; without it, 1 of 3 voters are left.*Move server-2.*pve-2.*#\/nodes\/server-2/s,
    );
    assert.match(said(run, "no-latest-image"), /It comes from Pulumi\.site-a\.yaml#\/services\/shop\s*$/);
    assert.match(said(run, "public-route-protected"), /limits nothing: its average is 0.*#\/services\/shop\/host\s*$/s);
    assert.ok(run.policies.every(({ message }) => !message.includes("canary-9f2c")));
  });

  it("goes by --policy-pack-config, which it checks", async () => {
    await breaking(...names);
    const file = join(fleet.program, "policy.json");
    const withConfig = async (config: unknown): Promise<Run> => {
      writeFileSync(file, JSON.stringify(config));
      return stack.preview({ policyPack: pack, args: ["--policy-pack-config", file] });
    };
    const advisory = must(await withConfig({ all: "advisory" }));
    assert.deepEqual([...new Set(advisory.policies.map(({ level }) => level))], ["advisory"]);
    const allowed = await withConfig({
      all: "disabled",
      "no-latest-image": { enforcementLevel: "mandatory", allowedImages: ["traefik"] },
      "etcd-on-distinct-hosts": { enforcementLevel: "mandatory", sharedHosts: [] },
    });
    assert.deepEqual(
      allowed.policies.map(({ policy }) => policy),
      ["etcd-on-distinct-hosts"],
    );
    const blind = await withConfig({
      "keep-inputs": "disabled",
      all: "disabled",
      "public-route-protected": "mandatory",
    });
    assert.match(said(blind, "public-route-protected"), /enable the policy keep-inputs/);
    assert.notEqual(blind.exitCode, 0);
    const wrong = await withConfig({ "no-latest-image": { allowedImages: 7 } });
    assert.notEqual(wrong.exitCode, 0);
    assert.match(`${wrong.stdout}${wrong.stderr}`, /allowedImages/);
  });

  it("says of a state file what evaluate() says of it", async () => {
    await breaking("nothing");
    must(await stack.up({ policyPack: pack }));
    const file = join(fleet.program, "state.json");
    must(await fleet.pulumi(["stack", "export", "--stack", "site-a", "--file", file]));
    const analyze = () => fleet.pulumi(["policy", "analyze", "--file", file, "--policy-pack", pack, "--json"]);
    const clean = must(await analyze());
    assert.deepEqual(violations(clean), []);

    const state = readFileSync(file, "utf8");
    writeFileSync(file, state.replaceAll("nginx:1.29.3", "nginx:latest").replaceAll('"average": 100', '"average": 0'));
    const spoiled = await analyze();
    assert.notEqual(spoiled.exitCode, 0);
    const own = evaluate(fromState(JSON.parse(readFileSync(file, "utf8")))).failures;
    assert.deepEqual(violations(spoiled), own.map(({ rule, urn }) => `${rule} ${urn}`).sort());
    assert.equal(own.length, 2);
  });
});

function said(run: Run, policy: string): string {
  return run.policies.find((message) => message.policy === policy)?.message ?? "";
}

function violations(run: Run): readonly string[] {
  const events = run.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as AnalyzeEvent);
  return events
    .flatMap(({ policyEvent }) => (policyEvent ? [`${policyEvent.policyName} ${policyEvent.resourceUrn}`] : []))
    .sort();
}

interface AnalyzeEvent {
  readonly policyEvent?: { readonly policyName: string; readonly resourceUrn: string };
}
