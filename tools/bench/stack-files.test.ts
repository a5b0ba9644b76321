import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "../../config/load.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { planFleet } from "../../plan/fleet.ts";
import { writeStackFiles } from "./stack-files.ts";

describe("stack files of the benchmark", () => {
  for (const [asked, given] of [
    [6, 12],
    [60, 60],
    [1000, 1000],
  ] as const) {
    it(`hold, with ${given} machines where ${asked} are asked for`, () => {
      const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
      try {
        assert.equal(writeStackFiles(process.cwd(), folder, asked), given);
        const loaded = load(folder, catalogue);
        assert.ok("model" in loaded);
        const { findings, sites } = planFleet(loaded.model);
        assert.deepEqual(findings, []);
        assert.equal(sites.flatMap(({ facts }) => facts.topology.nodes).length, given);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
