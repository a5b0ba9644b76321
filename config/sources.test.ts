import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError, type Finding } from "@isthmus/core";
import fc from "fast-check";
import { stringify } from "yaml";
import { Sources, valueAt } from "./sources.ts";

function withText<T>(text: string | Uint8Array, use: (sources: Sources) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-sources-"));
  try {
    writeFileSync(join(folder, "f.yaml"), text);
    return use(new Sources(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const linesOf = (text: string, root: string[], paths: `f.yaml#${string}`[]): number[] =>
  withText(text, (sources) => {
    sources.read("f.yaml", root);
    return paths.map((path) => sources.line(path));
  });

describe("lines of paths", () => {
  const text = [
    "# a comment",
    "config:",
    "  isthmus:site:",
    "    nodes:",
    "      pi: { role: server,",
    "            address: 10.0.20.11 }",
    "      10: { role: agent }",
    "      copy: &copy",
    "        role: agent",
    "      again: *copy",
    "    list:",
    "      - a",
    "      - [b, c]",
    "  isthmus:secrets: {}",
  ].join("\n");

  it("are those of the key, in maps, flow maps, lists and behind anchors", () => {
    const paths = [
      "",
      "/nodes",
      "/nodes/pi/address",
      "/nodes/10/role",
      "/nodes/again/role",
      "/list/1",
      "/list/1/0",
    ] as const;
    assert.deepEqual(
      linesOf(
        text,
        ["config", "isthmus:site"],
        paths.map((path): `f.yaml#${string}` => `f.yaml#${path}`),
      ),
      [3, 4, 6, 7, 9, 13, 13],
    );
  });

  it("are those of the nearest thing above where a key is not there", () => {
    assert.deepEqual(
      linesOf(
        text,
        ["config", "isthmus:site"],
        ["f.yaml#/nodes/pi/taints/0", "f.yaml#/nowhere/at/all", "f.yaml#/list/9"],
      ),
      [5, 3, 11],
    );
  });

  it("lead up with two dots to what stands beside", () => {
    assert.deepEqual(
      linesOf(text, ["config", "isthmus:site"], ["f.yaml#/../isthmus:secrets", "f.yaml#/../../config"]),
      [14, 2],
    );
  });

  it("are found for every key of whatever is written", () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const tree = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.dictionary(key, tie("node"), { minKeys: 1, maxKeys: 4 })),
    })).node;
    fc.assert(
      fc.property(fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 }), (value) => {
        const written = stringify(value);
        const lines = written.split("\n");
        withText(written, (sources) => {
          assert.deepEqual(sources.read("f.yaml", []), JSON.parse(JSON.stringify(value)));
          for (const path of pathsIn(value)) {
            const line = lines[sources.line(`f.yaml#/${path.join("/")}`) - 1] ?? "";
            assert.match(line, new RegExp(`^ *${path.at(-1) ?? ""}:`));
          }
        });
      }),
      { numRuns: 100 },
    );
  });
});

function pathsIn(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsIn(inner).map((rest) => [key, ...rest])]);
}

describe("files that are no YAML", () => {
  const refusal = (text: string | Uint8Array): { finding: Finding | undefined; line: number } =>
    withText(text, (sources) => {
      try {
        sources.read("f.yaml", []);
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
        assert.equal(error.findings.length, 1);
        return { finding: error.findings[0], line: sources.line("f.yaml#") };
      }
      return assert.fail("it was read");
    });

  it("are told with the line of the first mistake", () => {
    const { finding, line } = refusal("a: 1\nb:\n\tc: 2\n");
    assert.equal(finding?.problem, "a tab stands where YAML has spaces");
    assert.equal(line, 3);
  });

  it("are told for whatever the library throws", () => {
    assert.match(refusal("a: &a { b: *a }").finding?.problem ?? "", /stands inside the value that it names/);
    assert.match(refusal("<<: 3").finding?.problem ?? "", /"<<" takes in the keys of a map/);
    assert.match(refusal("a: *nowhere").finding?.problem ?? "", /names an anchor that nothing above it has/);
    assert.match(refusal("[".repeat(2000)).finding?.problem ?? "", /nested too deeply|is not closed/);
    assert.match(refusal("a: 1\n---\nb: 2").finding?.problem ?? "", /a second document begins here/);
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${["b", "c", "d", "e"]
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${"abcd"[index] ?? ""}`)
            .join(", ")}]`,
      )
      .join("\n")}`;
    assert.match(refusal(bomb).finding?.problem ?? "", /too much out of too little/);
  });

  it("are told where their bytes are no text", () => {
    assert.equal(
      refusal(Uint8Array.from([0x61, 0x3a, 0x20, 0xff])).finding?.problem,
      "this line has bytes that are not UTF-8 text",
    );
  });

  it("are plain data whatever tags they have", () => {
    const value = withText('a: !!set { x, y }\nb: !!binary "aGk="\nc: 2026-11-21\nd: .inf\n', (sources) =>
      sources.read("f.yaml", []),
    );
    assert.deepEqual(Object.keys(value as object), ["a", "b", "c", "d"]);
    assert.equal(valueAt(value, ["c"]), "2026-11-21");
    assert.equal(valueAt(value, ["d"]), null);
  });
});

describe("values at paths", () => {
  it("are own values only", () => {
    assert.equal(valueAt({ a: [{ b: 1 }] }, ["a", "0", "b"]), 1);
    assert.equal(valueAt({}, ["constructor"]), undefined);
    assert.equal(valueAt({ a: null }, ["a", "b"]), undefined);
  });
});
