import assert from "node:assert/strict";
import { topologyKey } from "@isthmus/core";
import fc from "fast-check";
import { assess } from "./assess.ts";
import { type Failure } from "../model/failure.ts";
import type { PlacedService } from "../model/fleet.ts";
import * as sample from "../testing.ts";

/** Services with one member each, on a node of their own, that use one another at random. */
const webs = fc.integer({ min: 2, max: 5 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    edges: fc.array(
      fc.record({
        from: fc.nat(count - 1),
        to: fc.nat(count - 1),
        purpose: fc.constantFrom("start" as const, "read" as const),
      }),
      { maxLength: 8 },
    ),
    people: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
  }),
);
type Web = typeof webs extends fc.Arbitrary<infer Of> ? Of : never;

const capabilities = ["secrets", "volumes", "postgres", "objectStore", "metrics"] as const;

function servicesOf({ count, edges, people }: Web): PlacedService[] {
  return Array.from({ length: count }, (_, i) => {
    const own = edges.filter((edge) => edge.from === i);
    const workload = sample.workload({
      stores: sample.localDisk,
      restarts: people[i] === true ? { by: "person", steps: ["act"] } : { by: "itself", within: "10s" },
      uses: own.map(({ to, purpose }) => ({ capability: capabilities[to]!, to: [purpose] })),
      runsOn: { required: [{ key: topologyKey.node, values: [`n${i}`] }], preferred: [], tolerations: [], spread: [] },
    });
    const providers = Object.fromEntries(own.map(({ to }) => [capabilities[to]!, `a/s${to}`]));
    return sample.service(`a/s${i}`, workload, providers);
  });
}

/** Of those that run, the largest set in which each can read what it uses: found by trying all sets. */
function readable({ count, edges }: Web, running: ReadonlySet<number>): ReadonlySet<number> {
  const sets = Array.from({ length: 2 ** count }, (_, bits) => {
    return new Set(Array.from({ length: count }, (__, i) => i).filter((i) => (bits & (2 ** i)) !== 0));
  });
  const holds = (set: ReadonlySet<number>) =>
    [...set].every(
      (i) => running.has(i) && edges.every((edge) => edge.from !== i || edge.purpose !== "read" || set.has(edge.to)),
    );
  return sets.filter(holds).reduce((best, set) => (set.size > best.size ? set : best), new Set<number>());
}

const webTopology = {
  sites: [
    sample.site("a", [
      ...Array.from({ length: 5 }, (_, i) => sample.node(`n${i}`, "a")),
      sample.node("server", "a", { role: "server" }),
    ]),
  ],
};

describe("what services use, against trying every set of services", function () {
  this.timeout(60_000);

  it("agrees when a node is lost", () => {
    fc.assert(
      fc.property(webs, fc.nat(4), (web, dead) => {
        const running = new Set(Array.from({ length: web.count }, (_, i) => i).filter((i) => i !== dead));
        const expected = readable(web, running);
        const failure: Failure = { kind: "node", site: "a", node: `n${dead}` };
        const found = assess({ topology: webTopology, services: servicesOf(web) }, [failure]).slice(0, web.count);
        found.forEach(({ during }, i) => {
          assert.equal(during !== "down", expected.has(i), `s${i}`);
        });
      }),
      { numRuns: 400 },
    );
  });

  it("agrees on who comes back when everything was off, and names a circle only where there is one", () => {
    fc.assert(
      fc.property(webs, (web) => {
        const started = new Set<number>();
        for (let before = -1; before !== started.size;) {
          before = started.size;
          const up = readable(web, started);
          for (let i = 0; i < web.count; i += 1) {
            const needs = web.edges.filter((edge) => edge.from === i && edge.purpose === "start");
            if (web.people[i] !== true && needs.every((edge) => up.has(edge.to))) started.add(i);
          }
        }
        const expected = readable(web, started);
        const found = assess({ topology: webTopology, services: servicesOf(web) }, [{ kind: "everything" }]);
        found.slice(0, web.count).forEach(({ after, startCycle, returns }, i) => {
          assert.equal(after !== "down", expected.has(i), `s${i}`);
          if (expected.has(i)) assert.equal(startCycle, undefined);
          else assert.ok(returns.by === "person" && returns.steps.length > 0, `nobody is told what to do for s${i}`);
          for (const [place, id] of (startCycle ?? []).entries()) {
            const next = startCycle?.[(place + 1) % startCycle.length] ?? "";
            const edge = web.edges.find((each) => `a/s${each.from}` === id && `a/s${each.to}` === next);
            assert.ok(edge, `${id} does not wait for ${next}`);
          }
        });
      }),
      { numRuns: 400 },
    );
  });
});
