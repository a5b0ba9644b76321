import assert from "node:assert/strict";
import { explain } from "./cli.ts";

describe("what the CLI says", () => {
  it("is told as what it means here, with the fix", () => {
    assert.match(
      explain(["up"], "error: failed to decrypt: incorrect passphrase, please"),
      /one that all stacks share/,
    );
    assert.match(explain(["up"], "error: passphrase must be set with PULUMI"), /Set PULUMI_CONFIG_PASSPHRASE/);
  });

  it("is quoted where it is not known", () => {
    assert.equal(explain(["up", "--yes"], "error: the disk is full\n"), "`pulumi up --yes` failed:\nthe disk is full");
  });
});
