import assert from "node:assert/strict";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { registerInProcess, recordInProcess } from "../../cli/lib/preview/in-process.ts";
import { registerFlat } from "./flat.ts";

describe("the bare program of the benchmark", function () {
  this.timeout(60_000);

  it("registers what a preview of the default stacks does", async () => {
    const fleet = fleetOrRefuse(process.cwd());
    for (const site of fleet.sites) {
      const ours = await registerInProcess(fleet, site);
      const flat = await recordInProcess("bare", () => {
        registerFlat(ours);
      });
      const urn = ({ type, name }: { type: string; name: string }): string => `${type}::${name}`;
      assert.deepEqual(flat.map(urn).sort(), ours.map(urn).sort());
    }
  });
});
