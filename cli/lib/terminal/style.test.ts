import assert from "node:assert/strict";
import { styleOf } from "./style.ts";

const terminal = { isTTY: true, columns: 72 };
const coloured = (output: Parameters<typeof styleOf>[0], env: Readonly<Record<string, string>> = {}) =>
  styleOf(output, env).ink.red("x") !== "x";

describe("the style of an output", () => {
  it("is as wide as the terminal; 100 columns where there is none or it does not say; never a few", () => {
    const widths = [terminal, {}, { columns: 60 }, { isTTY: true, columns: 0 }, { isTTY: true, columns: 8 }];
    assert.deepEqual(
      widths.map((output) => styleOf(output, {}).columns),
      [72, 100, 100, 100, 40],
    );
  });

  it("has colours on a terminal only", () => {
    assert.deepEqual([coloured(terminal), coloured({}), coloured({}, { CI: "true" })], [true, false, false]);
    assert.equal(coloured(terminal, { TERM: "dumb" }), false);
  });

  it("heeds NO_COLOR, which wins, and FORCE_COLOR", () => {
    assert.equal(coloured(terminal, { NO_COLOR: "1" }), false);
    assert.equal(coloured(terminal, { NO_COLOR: "" }), true);
    assert.equal(coloured({}, { FORCE_COLOR: "1" }), true);
    assert.equal(coloured({}, { FORCE_COLOR: "" }), true);
    assert.equal(coloured({}, { FORCE_COLOR: "1", NO_COLOR: "1" }), false);
    assert.deepEqual(
      ["0", "false"].map((value) => coloured(terminal, { FORCE_COLOR: value })),
      [false, false],
    );
  });
});
