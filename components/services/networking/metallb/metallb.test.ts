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

  it("has addresses announced by the nodes in their network alone, where some stand in another, unless interfaces are named", () => {
    const site = siteFacts();
    const here = site.topology.nodes.slice(0, 2).map(({ name }) => name);
    const there = site.topology.nodes.slice(2).map(({ name }) => name);
    const networks = [
      { name: "apps", cidr: "10.0.20.0/24", nodes: here },
      { name: "attic", cidr: "10.0.30.0/24", nodes: there },
    ];
    const announcement = (args: unknown): unknown =>
      metallb
        .objects(contextOf(metallb, { args, site: siteFacts({ networks }) }))
        .find(({ id }) => id === "announcement-public")?.manifest["spec"];
    assert.deepEqual(announcement({}), {
      ipAddressPools: ["public"],
      nodeSelectors: here.map((name) => ({ matchLabels: { "kubernetes.io/hostname": name } })),
    });
    const interfaces = ["eth0.20"];
    assert.deepEqual(announcement({ pools: { public: { interfaces } } }), { ipAddressPools: ["public"], interfaces });
  });

  it("refuses a pool in a network where no node would hear who asks, unless one has an interface there", () => {
    const nodes = siteFacts().topology.nodes.map(({ name }) => name);
    const networks = [
      { name: "apps", cidr: "10.0.20.0/24", nodes: [] },
      { name: "attic", cidr: "10.0.30.0/24", nodes },
    ];
    const rules = (args: unknown, changed = networks) =>
      metallb
        .check?.(contextOf(metallb, { args, site: siteFacts({ networks: changed }) }))
        .map(({ rule, at }) => `${rule} ${at}`);
    const each = (name: string) => `no-node-on-network Pulumi.site-a.yaml#/pools/${name}`;
    assert.deepEqual(rules({}), [each("public"), each("private")]);
    assert.deepEqual(rules({ pools: { public: { interfaces: ["eth0.20"] } } }), [each("private")]);
    const misplaced = [networks[0]!, { ...networks[1]!, nodes: nodes.slice(1) }];
    assert.deepEqual(rules({}, misplaced), [], "a node's own wrong address is told by itself");
  });

  it("waits with pools for the release, whose webhook checks them", () => {
    for (const { after } of metallb.objects(contextOf(metallb, { instance: "lb" })))
      assert.ok(after?.includes("release/lb"));
  });

  it("names the pool that was meant", () => {
    const [finding, ...others] = metallb.check?.(contextOf(metallb, { args: { pools: { publik: {} } } })) ?? [];
    assert.deepEqual(finding, {
      rule: "unknown-pool",
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
