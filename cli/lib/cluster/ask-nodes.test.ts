import assert from "node:assert/strict";
import { z } from "zod";
import { readAnswer } from "./ask-nodes.ts";

const shape = z.object({ days: z.number() });
const read = (stdout: string, status = 0, said = ""): unknown => readAnswer(shape, { status, stdout, said });

describe("what a node answers", () => {
  it("is what its script printed", () => {
    assert.deepEqual(read('{"days": 3}\n'), { days: 3 });
  });

  it("is a reason where the script failed: its cause and fix, or all that it said", () => {
    const said = "[s1] look\n[s1] because: the disk is full\n[s1] to fix: make room\n";
    assert.equal(read("", 1, said), "could not be looked at: the disk is full; to fix: make room");
    assert.equal(read("", 137, "Killed\n"), "could not be looked at: Killed");
  });

  it("is a reason, and no stack trace, where it is no JSON or other JSON", () => {
    const broken = read('{"days": ');
    assert.match(String(broken), /^gave an answer that cannot be read \("\{"days":"\): Unexpected end of JSON input$/);
    assert.match(String(read("")), /^gave an answer that cannot be read \(""\): Unexpected end of JSON input$/);
    const other = read('{"days": "three"}');
    assert.match(String(other), /^gave an answer that cannot be read \(".*"\): .*expected number.* at days$/);
  });
});
