import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { loadScript } from "@isthmus/remote/script";

const [first = new URL("."), ...others] = ["answers", "common", "members"].map(
  (name) => new URL(`./${name}.sh`, import.meta.url),
);
const { text } = loadScript(first, ...others);

/** Who is said to live, where the API answers as this function of bash does. Time is counted, and does not pass. */
function livingBy(kube: string): string {
  const stubs = `
    fail() { printf 'refused: %s' "$1"; exit 1; }
    sleep() { SECONDS=$((SECONDS + $1)); }
    SECONDS=0
    ${kube}
    living server-2`;
  const { stdout, stderr } = spawnSync("bash", ["-c", `set -Eeuo pipefail\n${text}\n${stubs}`], { encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.trim();
}

const at = (second: string): string => `'"2026-11-28T10:00:%s.000000Z"\\t\\n' "${second}"`;

/** `ready` of its Node, and the second in which it last renewed its lease, both expressions of bash; before that, whatever fails. */
const answers = (ready: string, renewed: string, failing = ""): string =>
  `kube() { ${failing} case "$*" in *lease*) printf ${at(renewed)} ;; *) printf '"%s"\\t' "${ready}"; printf ${at("0")} ;; esac; }`;

describe("whether a node lives", () => {
  it("is told by what it says of itself, again and again", () => {
    assert.equal(livingBy(answers("True", "$((SECONDS / 10))")), "server-2");
  });

  it("is not so where it says nothing for 25 seconds, though it is held for Ready", () => {
    assert.equal(livingBy(answers("True", "0")), "");
  });

  it("is not so where it is not Ready, or not there", () => {
    assert.equal(livingBy(answers("Unknown", "$SECONDS")), "");
    assert.equal(livingBy("kube() { :; }"), "");
  });

  it("is not told by what is no time", () => {
    const forged = `kube() { printf '"True"\\t"%s"\\t\\n' "$SECONDS"; }`;
    assert.equal(livingBy(forged), "");
  });

  it("is asked again where the API does not answer for a while, first or in between", () => {
    assert.equal(livingBy(answers("True", "$((SECONDS / 10))", `[ "$SECONDS" -ge 30 ] || return 1;`)), "server-2");
    const between = `[ "$SECONDS" -lt 5 ] || [ "$SECONDS" -ge 50 ] || return 1;`;
    assert.equal(livingBy(answers("True", "$((SECONDS / 10))", between)), "server-2");
  });

  it("is said by nobody where the API does not answer at all", () => {
    assert.match(
      livingBy("kube() { return 1; }"),
      /^refused: the API does not answer: nobody can say whether server-2/,
    );
  });
});
