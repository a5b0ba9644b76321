import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";

const script = ["answers", "token"]
  .map((name) => readFileSync(new URL(`./${name}.sh`, import.meta.url), "utf8"))
  .join("");

/** What curl is given when a token is rotated: its arguments, and its configuration on standard input. */
function rotation(known: string, next: string): { readonly given: string; readonly told: ReadonlyMap<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-token-"));
  try {
    const stubs = `
set -euo pipefail
IFS= read -rd '' known; IFS= read -rd '' next
K3S_DATA=/nowhere K3S_ETC=/nowhere RECORD=${folder} OLDER_TOKENS=''
relay() { cat >&2; }
curl() { printf '%s\\n' "$@" >${folder}/given; cat >${folder}/told; printf 200; }
`;
    const rest = 'token_here() { printf %s "$known"; }\nrotate_token "$next"\n';
    const done = spawnSync("bash", ["-c", stubs + script + rest], { input: `${known}\0${next}\0`, encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const lines = readFileSync(join(folder, "told"), "utf8").trimEnd().split("\n");
    const told = lines.map((line) => {
      const [, name = "", text = ""] = /^(\w+) = "(.*)"$/.exec(line) ?? [];
      return [name, text.replaceAll(/\\(.)/g, "$1")] as const;
    });
    return { given: readFileSync(join(folder, "given"), "utf8"), told: new Map(told) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a rotation of the server token", () => {
  it("gives no token to a program as an argument, and asks for exactly the new one, whatever is in it", () => {
    const token = fc.string({ unit: "grapheme-ascii", minLength: 12, maxLength: 48 });
    fc.assert(
      fc.property(token, token, (known, next) => {
        const { given, told } = rotation(known, next);
        assert.ok(!given.includes(known) && !given.includes(next), given);
        assert.equal(told.get("user"), `server:${known}`);
        assert.equal(told.get("request"), "PUT");
        assert.deepEqual(JSON.parse(told.get("data") ?? ""), { newToken: next });
      }),
      { numRuns: 30 },
    );
  });
});
