import assert from "node:assert/strict";
import fc from "fast-check";
import { catalogue } from "../../plan/catalogue.ts";
import type { Model } from "../load.ts";
import { sampleModel } from "../testing.ts";
import { checkNodes } from "./nodes.ts";

const model = sampleModel("three-raspberry-pis", catalogue);
const home = model.sites[0]!;

const withServers = (servers: number): Model => ({
  ...model,
  sites: [
    {
      ...home,
      nodes: Object.fromEntries(
        Array.from({ length: servers + 2 }, (_, index) => [
          `pi-${index}`,
          { ...home.nodes["pi-2"]!, role: index < servers ? ("server" as const) : ("agent" as const) },
        ]),
      ),
    },
  ],
});

/** The largest number of voters that may be lost while more than half are left, by counting. */
function survivable(voters: number): number {
  return (
    Array.from({ length: voters }, (_, lost) => lost)
      .filter((lost) => (voters - lost) * 2 > voters)
      .at(-1) ?? 0
  );
}

describe("the number of servers", () => {
  it("is told exactly where one less survives as much", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), (servers) => {
        const [finding] = checkNodes(withServers(servers));
        if (servers === 0) assert.equal(finding?.rule, "no-server");
        else if (survivable(servers) === survivable(servers - 1) && servers > 1) {
          assert.equal(finding?.rule, "even-voters");
          assert.ok(
            finding.problem.includes(`survive the loss of ${survivable(servers)}, as ${servers - 1} would`),
            finding.problem,
          );
          assert.equal(finding.fix, `make it ${servers - 1} or ${servers + 1} servers`);
        } else assert.equal(finding, undefined);
      }),
    );
  });
});
