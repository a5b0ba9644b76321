import assert from "node:assert/strict";
import type { Topology, Workload } from "@isthmus/core";
import fc from "fast-check";
import { assess } from "./assess.ts";
import { failuresOf } from "../model/failure.ts";
import type { PlacedService } from "../model/fleet.ts";
import * as sample from "../testing.ts";
import { compareStates, serves } from "../model/verdict.ts";

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    members: fc.integer({ min: 1, max: 5 }),
    controller: fc.constantFrom("Deployment" as const, "StatefulSet" as const, "operator" as const),
    writes: fc.constantFrom<Workload["writes"]>(
      { kind: "any" },
      { kind: "majority" },
      { kind: "primary", failover: "30s" },
      { kind: "atLeast", members: 3 },
    ),
    stores: fc.constantFrom(undefined, sample.localDisk, sample.longhorn),
    apart: fc.constantFrom(undefined, "node" as const, "host" as const),
    use: fc.constantFrom(undefined, "start" as const, "read" as const, "write" as const),
  })
  .map(({ members, controller, writes, stores, apart, use }) =>
    sample.workload({
      controller,
      writes,
      members: { perSite: { a: members } },
      ...(stores === undefined ? {} : { stores }),
      ...(apart === undefined ? {} : { runsOn: sample.apartOver(apart) }),
      uses: use === undefined ? [] : [{ capability: "secrets", to: [use] }],
    }),
  );

const fleets = fc.record({
  services: fc.array(workloads, { minLength: 1, maxLength: 4 }),
  agents: fc.integer({ min: 0, max: 3 }),
});

/** Each service uses the next one. */
const named = (of: readonly Workload[], name: (i: number) => string): PlacedService[] =>
  of.map((workload, i) => sample.service(`a/${name(i)}`, workload, { secrets: `a/${name((i + 1) % of.length)}` }));

describe("verdicts", () => {
  it("do not depend on names", () => {
    fc.assert(
      fc.property(fleets, ({ services, agents }) => {
        const topology = { sites: [sample.plainSite("a", 3, agents)] };
        const plain = assess({ topology, services: named(services, (i) => `svc${i}x`) });
        const renamed = assess({ topology, services: named(services, (i) => `other-${9 - i}y`) });
        const back = JSON.stringify(renamed).replaceAll(
          /other-(\d)y/g,
          (_, digit: string) => `svc${9 - Number(digit)}x`,
        );
        assert.deepEqual(JSON.parse(back), JSON.parse(JSON.stringify(plain)));
      }),
    );
  });

  it("depend on where the voters are: a site may go exactly if the others keep a majority", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), (a, b) => {
        fc.pre(a + b > 0);
        const topology = { sites: [sample.plainSite("a"), sample.plainSite("b")] };
        const services = [sample.service("vault", sample.vault({ a, b }))];
        const [found] = assess({ topology, services }, [{ kind: "site", site: "a" }]);
        assert.equal(serves(found!.after), b > a);
      }),
    );
  });

  it("never get worse by one more agent with room for all, on a host of its own", () => {
    fc.assert(
      fc.property(fleets, ({ services, agents }) => {
        const small = sample.plainSite("a", 3, agents);
        const large = sample.site("a", [...small.nodes, sample.node("one-more", "a")]);
        const failures = failuresOf({ sites: [small] });
        const fleet = (topology: Topology) => assess({ topology, services: named(services, (i) => `s${i}`) }, failures);
        const before = fleet({ sites: [small] });
        fleet({ sites: [large] }).forEach((after, i) => {
          const text = JSON.stringify([before[i], after]);
          assert.ok(compareStates(after.during, before[i]!.during) >= 0, text);
          assert.ok(compareStates(after.after, before[i]!.after) >= 0, text);
        });
      }),
    );
  });

  it("after is never worse than during, and full needs no step", () => {
    fc.assert(
      fc.property(fleets, ({ services, agents }) => {
        const topology = { sites: [sample.plainSite("a", 1, agents), sample.plainSite("b", 1, 0)] };
        for (const each of assess({ topology, services: named(services, (i) => `s${i}`) })) {
          assert.ok(compareStates(each.after, each.during) >= 0);
          assert.equal(each.untilFull.length === 0, each.after === "full", JSON.stringify(each));
          assert.equal(each.returns.by === "person", !serves(each.after));
          if (each.returns.by === "person") assert.ok(each.returns.steps.length > 0, JSON.stringify(each));
        }
      }),
    );
  });
});

/** Two sites with so many nodes together, four to a host, and 20 services. */
function largeFleet(count: number): { topology: Topology; services: PlacedService[] } {
  const siteOf = (name: string) =>
    sample.site(
      name,
      Array.from({ length: count / 2 }, (_, i) =>
        sample.node(`${name}-${i}`, name, {
          host: `${name}-host-${Math.floor(i / 4)}`,
          role: i < 3 ? "server" : "agent",
        }),
      ),
    );
  const services = ["a", "b"].flatMap((at) =>
    Array.from({ length: 10 }, (_, i) => {
      const perNode = i % 3 === 0;
      const members = perNode ? ({ perNode: true } as const) : { perSite: { [at]: 3 } };
      const next = `${at}/s${(i + 1) % 10}`;
      const uses: Workload["uses"] = [{ capability: "volumes", to: ["start", "read", "write"] }];
      return sample.service(`${at}/s${i}`, sample.workload({ members, uses }), i === 9 ? {} : { volumes: next });
    }),
  );
  return { topology: { sites: [siteOf("a"), siteOf("b")] }, services };
}

describe("assessing a large fleet", () => {
  it("takes time in proportion to its nodes", function () {
    this.timeout(60_000);
    const time = (count: number) => {
      const fleet = largeFleet(count);
      const runs = Array.from({ length: 3 }, () => {
        const start = performance.now();
        assert.ok(assess(fleet).length > count * 20);
        return performance.now() - start;
      });
      return Math.min(...runs);
    };
    time(250);
    const ratio = time(1000) / time(250);
    assert.ok(ratio <= 8, `1,000 nodes take ${ratio.toFixed(1)} times as long as 250`);
  });
});
