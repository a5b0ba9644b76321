import assert from "node:assert/strict";
import fc from "fast-check";
import picocolors from "picocolors";
import stringWidth from "string-width";
import { definitions, stepLines, table, wrapped } from "./layout.ts";
import { plain } from "./style.ts";

const narrow = { ...plain, columns: 40 };

describe("a layout", () => {
  it("wraps between words, and keeps one that is too long whole", () => {
    assert.deepEqual(
      wrapped("the node that comes closest lacks 2.5 GiB of memory", narrow, { first: "  - ", rest: "    " }),
      ["  - the node that comes closest lacks", "    2.5 GiB of memory"],
    );
    const url = `https://example.org/${"a".repeat(60)}`;
    assert.deepEqual(wrapped(`see ${url} for more`, narrow), ["see", url, "for more"]);
  });

  it("counts columns, not characters: wide ones are two, colours none", () => {
    // 倉庫 and 🍓 take two columns a character: https://www.unicode.org/reports/tr11/
    assert.deepEqual(
      table(
        [
          ["倉庫", "x"],
          ["pi", "y"],
          ["🍓", "z"],
        ],
        narrow,
      ),
      ["  倉庫  x", "  pi    y", "  🍓    z"],
    );
    const ink = picocolors.createColors(true);
    const [one = "", ...more] = wrapped(ink.red("twenty characters so"), { columns: 21 });
    assert.deepEqual([stringWidth(one), more], [20, []]);
  });

  it("never makes a line that is too long out of short words", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 40, max: 120 }), (list, columns) => {
        const lines = wrapped(list.join(" "), { columns }, { first: "  name  " });
        for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
        assert.equal(lines.map((line) => line.trim()).join(" "), `name  ${list.join(" ")}`);
      }),
    );
  });

  it("sets the last cell of a row below the others where there is too little room beside them", () => {
    assert.deepEqual(table([["a long first cell", "x", "minio 200 GiB, longhorn 20 GiB"]], narrow), [
      "  a long first cell  x",
      "      minio 200 GiB, longhorn 20 GiB",
    ]);
  });

  it("sets long names above what is said of them", () => {
    const rows = [
      { name: "vault", text: "degraded" },
      { name: "traefik-public, traefik-private", text: "down" },
    ];
    assert.deepEqual(definitions(rows, { ...narrow, indent: "  " }), [
      "  vault  degraded",
      "  traefik-public, traefik-private",
      "         down",
    ]);
  });

  it("leaves a command on one line as it is typed, with its note beside or above it", () => {
    const command = "kubectl -n vault exec -it vault-0 -- vault operator unseal";
    assert.deepEqual(stepLines(`${command}   # three times`, { ...plain, columns: 80 }, { first: " 1. " }), [
      ` 1. ${command}   # three times`,
    ]);
    assert.deepEqual(
      stepLines(`unseal it: ${command}   # three times, each with another key of those`, narrow, { first: " 1. " }),
      [" 1. unseal it:", "      # three times, each with another", "      # key of those", `      ${command}`],
    );
    assert.deepEqual(stepLines("repair or replace the machine that was lost", narrow, { first: " 1. " }), [
      " 1. repair or replace the machine that",
      "    was lost",
    ]);
  });
});
