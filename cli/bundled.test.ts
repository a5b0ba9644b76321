import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const options = { maxBuffer: 2 ** 26 };

describe("a tool that is started as one file", function () {
  this.timeout(120_000);

  it("says what it says module by module, with the scripts and tables that lie beside its sources", async () => {
    const [bundled, plain] = await Promise.all([
      run("node", ["cli/bundled.js", "cli/commands/preview.ts", "site-b", "--json"], options),
      run("node", ["--import", "tsx", "cli/commands/preview.ts", "site-b", "--json"], options),
    ]);
    assert.ok(plain.stdout.length > 10_000);
    assert.equal(bundled.stdout, plain.stdout);
  });

  it("ends as it ends", async () => {
    const away = run("node", ["cli/bundled.js", "cli/commands/preview.ts", "site-z"], options);
    await assert.rejects(away, { code: 2, stderr: "There is no site site-z; there are: site-a, site-b\n" });
  });
});
