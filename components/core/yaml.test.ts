import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { toYaml } from "./yaml.ts";

// Written down from https://yaml.org/type/: what a reader of YAML 1.1 does not take for a string when it stands bare.
const notStrings = [
  "on",
  "Off",
  "yes",
  "NO",
  "y",
  "n",
  "0644",
  "0b101",
  "1_000",
  "12:30",
  "190:20:30",
  "2026-11-28",
  "~",
  ".inf",
];

describe("YAML that is read by programs of YAML 1.1", () => {
  for (const text of notStrings) {
    it(`quotes ${text}, as a value and as a key`, () => {
      assert.match(toYaml({ value: text }), /^value: ["']/);
      assert.match(toYaml({ [text]: "value" }), /^["'?]/);
    });
  }

  it("leaves true booleans and numbers bare", () => {
    assert.equal(toYaml({ b: true, a: 1.5, c: null }), "b: true\na: 1.5\nc: null\n");
  });

  it("sorts keys where asked", () => {
    assert.equal(toYaml({ b: 1, a: { d: 1, c: 2 } }, { sorted: true }), "a:\n  c: 2\n  d: 1\nb: 1\n");
  });

  it("is read as what was written, by both versions", () => {
    const scalar = fc.oneof(fc.string(), fc.constantFrom(...notStrings), fc.integer(), fc.boolean(), fc.constant(null));
    const data = fc.dictionary(fc.string(), fc.oneof(scalar, fc.array(scalar)));
    fc.assert(
      fc.property(data, (written) => {
        const plain: unknown = JSON.parse(JSON.stringify(written));
        for (const version of ["1.1", "1.2"] as const)
          assert.deepEqual(parse(toYaml(plain), { version, maxAliasCount: 0 }), plain);
      }),
    );
  });
});
