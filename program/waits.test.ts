import assert from "node:assert/strict";
import fc from "fast-check";
import { Waits } from "./waits.ts";

describe("what waits for what", () => {
  it("leaves out what another waits for anyway, however far back", () => {
    const waits = new Waits<string>();
    waits.add("chart", ["namespace"]);
    waits.add("pool", ["chart"]);
    assert.deepEqual(waits.withoutImplied(["namespace", "chart", "pool", "pool", "other"]), ["pool", "other"]);
  });

  it("never loses anything that has to be waited for", () => {
    const steps = fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 6 }), { maxLength: 12 });
    fc.assert(
      fc.property(steps, (wanted) => {
        const [waits, edges] = [new Waits<number>(), new Map<number, readonly number[]>()];
        const reach = (one: number): Set<number> => {
          const next = edges.get(one) ?? [];
          return new Set(next.flatMap((other) => [other, ...reach(other)]));
        };
        wanted.forEach((all, index) => {
          const earlier = all.filter((other) => other < index);
          const said = waits.withoutImplied(earlier);
          waits.add(index, said);
          edges.set(index, said);
          assert.ok(earlier.every((other) => reach(index).has(other)));
          assert.ok(said.every((other) => said.every((another) => !reach(another).has(other))));
        });
      }),
    );
  });
});
