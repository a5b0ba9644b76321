import assert from "node:assert/strict";
import { contextOf, siteFacts } from "../../../../tests/kits/proofs/site-facts.ts";
import { metallb } from "./definition.ts";

const spec = (args: unknown): Record<string, unknown> =>
  Object.fromEntries(metallb.objects(contextOf(metallb, { args })).map(({ id, manifest }) => [id, manifest["spec"]]));

describe("metallb", () => {
  it("makes a pool and an announcement for each pool of the site", () => {
    assert.deepEqual(spec({}), {
      "pool-public": { addresses: ["10.0.20.200-10.0.20.209"], autoAssign: true, avoidBuggyIPs: false },
      "announcement-public": { ipAddressPools: ["public"] },
      "pool-private": { addresses: ["10.0.20.210-10.0.20.219"], autoAssign: true, avoidBuggyIPs: false },
      "announcement-private": { ipAddressPools: ["private"] },
    });
  });

  it("does as it is told about a pool", () => {
    const told = spec({ pools: { public: { autoAssign: false, interfaces: ["eth0"] } } });
    assert.deepEqual(told["pool-public"], {
      addresses: ["10.0.20.200-10.0.20.209"],
      autoAssign: false,
      avoidBuggyIPs: false,
    });
    assert.deepEqual(told["announcement-public"], { ipAddressPools: ["public"], interfaces: ["eth0"] });
  });

  it("waits with pools for the release, whose webhook checks them", () => {
    for (const { after } of metallb.objects(contextOf(metallb, { instance: "lb" })))
      assert.ok(after?.includes("release/lb"));
  });

  it("names the pool that was meant", () => {
    const [finding, ...others] = metallb.check?.(contextOf(metallb, { args: { pools: { publik: {} } } })) ?? [];
    assert.deepEqual(finding, {
      rule: "pool-unknown",
      at: "Pulumi.site-a.yaml#/services/metallb/pools/publik",
      problem: 'the site has no pool "publik"; it has public, private',
      fix: "did you mean public?",
    });
    assert.deepEqual(others, []);
  });

  it("says that a site without pools has nothing to hand out", () => {
    const findings = metallb.check?.(contextOf(metallb, { site: siteFacts({ pools: {} }) })) ?? [];
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ["pool-missing"],
    );
  });

  it("runs a speaker on every node, whatever its taints", () => {
    const database = { key: "app-type", value: "db", effect: "NoSchedule" } as const;
    const rather = { key: "slow", effect: "PreferNoSchedule" } as const;
    const { topology } = siteFacts();
    const nodes = topology.nodes.map((node) => ({ ...node, taints: [...node.taints, database, rather] }));
    const site = siteFacts({ topology: { ...topology, nodes } });
    const speaker = metallb.footprint(contextOf(metallb, { site })).workloads.find(({ name }) => name === "speaker");
    assert.deepEqual(speaker?.runsOn.tolerations, [
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
      database,
    ]);
  });

  it("refuses keys it does not know", () => {
    assert.throws(() => metallb.schema.parse({ pool: {} }), /pool/);
    assert.throws(() => metallb.schema.parse({ pools: { public: { interfaces: ["much-too-long-a-name"] } } }), /eth0/);
  });
});
