import assert from "node:assert/strict";
import fc from "fast-check";
import { peersOf, peerText, rosterOf, type Peer } from "./roster.ts";
import { sixNodes } from "../testing.ts";

const names = (peers: readonly Peer[]): readonly string[] => peers.map(({ name }) => name);
const roster = rosterOf(sixNodes);

describe("whom a node looks for on the network", () => {
  it("are all other servers, and those that come after it in a ring", () => {
    assert.deepEqual(names(peersOf({ name: "server-2" }, roster)), [
      "server-1",
      "server-3",
      "agent-1",
      "agent-2",
      "agent-3",
    ]);
    assert.deepEqual(names(peersOf({ name: "agent-2" }, roster)), [
      "server-1",
      "server-2",
      "server-3",
      "agent-3",
      "agent-1",
    ]);
  });

  it("are known to a node that came later, too", () => {
    assert.deepEqual(names(peersOf({ name: "agent-9" }, roster)), [
      "server-1",
      "server-2",
      "server-3",
      "agent-1",
      "agent-2",
      "agent-3",
    ]);
  });

  it("are few among a hundred, and everybody is looked for by somebody", () => {
    const counts = fc.record({ servers: fc.constantFrom(1, 3, 5), agents: fc.integer({ min: 0, max: 120 }) });
    fc.assert(
      fc.property(counts, ({ servers, agents }) => {
        const many: readonly Peer[] = Array.from({ length: servers + agents }, (_, index) => ({
          name: `node-${String(index)}`,
          role: index < servers ? "server" : "agent",
          address: `10.0.${String(index >> 8)}.${String(index & 255)}`,
        }));
        const looked = many.map((node) => peersOf(node, many));
        for (const [index, peers] of looked.entries()) {
          assert.ok(peers.length <= servers + 5);
          assert.ok(!names(peers).includes(`node-${String(index)}`));
          assert.equal(new Set(names(peers)).size, peers.length);
        }
        const found = new Set(looked.flatMap(names));
        if (many.length > 1) for (const { name } of many) assert.ok(found.has(name), name);
      }),
    );
  });

  it("are read by a script as name, role and address", () => {
    assert.deepEqual(roster.slice(2, 4).map(peerText), ["server-3|server|10.0.20.13", "agent-1|agent|10.0.20.21"]);
  });
});
