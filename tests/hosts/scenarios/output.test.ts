/** What a person reads of hosts that are worked on at the same time. */
import assert from "node:assert/strict";

import { requireScenarios } from "../../kits/site/requirements.ts";
import { clusterName, TestSite } from "../../kits/site/test-site.ts";

const agents = ["agent-1", "agent-2", "agent-3"];

describe("the output of hosts that work in parallel", function () {
  this.timeout(240_000);
  let site: TestSite;

  before(async function () {
    requireScenarios(this);
    site = await TestSite.create({ nodes: ["server-1", ...agents] });
  });
  after(async () => {
    await (site as TestSite | undefined)?.destroy();
  });

  it("has the node's name before each line, and keeps the lines of one node together", async () => {
    for (const name of agents) await site.host(name).ok("ip route del default && hostname elsewhere");
    const text = await site.refuses();
    for (const name of agents) {
      assert.match(text, new RegExp(`command:local:Command ${clusterName}-preflight-${name} creating`));
      const said = saidBy(text, `${clusterName}-preflight-${name}`);
      assert.ok(said.length >= 5, said.join("\n"));
      for (const line of said) assert.ok(line.startsWith(`[${name}] `), line);
      assert.ok(said.includes(`[${name}] 2 finding(s) before anything was changed:`), said.join("\n"));
      assert.ok(said.some((line) => line.includes("there is no default route")));
      assert.ok(said.some((line) => line.includes("this host calls itself elsewhere")));
    }
  });
});

/** What a resource's script said, as the engine's diagnostics have it: after the line with the command. */
function saidBy(text: string, resource: string): readonly string[] {
  const diagnostics = text.slice(text.indexOf("Diagnostics:")).split("\n");
  const from = diagnostics.findIndex((line) => line.includes(`(${resource}):`));
  assert.ok(from >= 0, `the engine says nothing of ${resource}`);
  const rest = diagnostics.slice(from + 2);
  const end = rest.findIndex((line) => line.trim() === "");
  return rest.slice(0, end).map((line) => line.trim());
}
