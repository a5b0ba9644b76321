import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

describe("the scripts of remote", () => {
  it("pass shellcheck", function () {
    if (spawnSync("shellcheck", ["--version"]).status !== 0) {
      console.log("      skipped: shellcheck is not installed (Debian: apt-get install shellcheck)");
      this.skip();
    }
    const file = fileURLToPath(new URL("./scripts/preamble.sh", import.meta.url));
    const { stdout, status } = spawnSync("shellcheck", [file], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
});
