import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";

const part = (name: string): string => fileURLToPath(new URL(`./${name}.sh`, import.meta.url));

/** What a function of a script prints of an input; a failure is told by its status. */
function told(code: string, input: string): string | number {
  const parts = ["answers", "common", "votes"].map((name) => `. ${part(name)}`).join("\n");
  const run = spawnSync("bash", ["-c", `set -Eeuo pipefail; export LC_ALL=C\n${parts}\n${code}`], {
    input,
    encoding: "utf8",
  });
  return run.status === 0 ? run.stdout : (run.status ?? -1);
}

describe("what others say, as scripts read it", () => {
  it("is a row for each object, whatever stands in a field", () => {
    const row = (...fields: readonly string[]): string => `${fields.map((field) => `${field}\t`).join("")}\n`;
    const input = [
      row('"server-1"', '"True"', '"ok"'),
      row('"agent-1"', '"True"', '"x\\nserver-9|True|ok"'),
      row('"agent-2"', '"True|False"', '"--all"'),
      row('"--all"', '"Perhaps"', '"a"'),
      row('"agent-3"', '""', '"a""b"'),
      "Warning: something that kubectl says\n",
    ].join("");
    assert.equal(
      told(`rows "$NAME_FORM" 'True|False' '[a-z]+'`, input),
      "server-1|True|ok\nagent-1|True|\nagent-2||\n||a\nagent-3||\n",
    );
  });

  it("is JSON or nothing: one line a leaf, by its path", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const leaves = (value: unknown, path: readonly string[]): readonly string[] => {
          if (typeof value === "object" && value !== null) {
            return Object.entries(value).flatMap(([key, each]) => leaves(each, [...path, keyText(key)]));
          }
          return [
            `${path.join(".")}\t${typeof value === "string" ? JSON.stringify(value).slice(1, -1) : String(value)}`,
          ];
        };
        const out = told("json_leaves", JSON.stringify(JSON.parse(text)));
        assert.deepEqual(
          out,
          leaves(JSON.parse(text), [])
            .map((line) => `${line}\n`)
            .join(""),
        );
      }),
      { numRuns: 40 },
    );
  });

  for (const text of ["", "{", '{"a":1', '{"a" 1}', "1 2", "[1]]", '{"a":"x\ny"}', "not JSON", '{"a":"x}']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(told("json_leaves", text), 1);
    });
  }

  const members = (...list: readonly object[]): string => JSON.stringify({ members: list });
  const s1 = { ID: 10276657743932975437, name: "s1-0a1b2c3d", peerURLs: ["https://10.0.0.1:2380"], clientURLs: [] };

  it("names members by what etcd says of them, learners and those that have no name yet, too", () => {
    const learner = { ID: 7, peerURLs: ["https://[fd00::2]:2380"], isLearner: true };
    const odd = { ID: 8, name: "s3|voter\n9|ghost", peerURLs: ["https://10.0.0.3:2380"] };
    assert.equal(
      told("member_rows", members(s1, learner, odd)),
      "10276657743932975000|s1-0a1b2c3d|10.0.0.1|voter\n7|-|fd00::2|learner\n8|-|10.0.0.3|voter\n",
    );
  });

  it("is no list of members where a server tells of itself alone because etcd does not answer, or of nobody", () => {
    const canned = { name: s1.name, peerURLs: s1.peerURLs, clientURLs: [] };
    assert.equal(told("member_rows", members(canned)), 1);
    assert.equal(told("member_rows", members()), 1);
    assert.equal(told("member_rows", '{"kind":"Status","code":500}'), 1);
  });

  it("finds a member's Node by the name that k3s made of it", () => {
    const node = (name: string): string | number => told(`node_of_member '${name}'`, "");
    assert.equal(node("server-1-0a1b2c3d"), "server-1");
    assert.equal(node("a.b-00000000-ffffffff"), "a.b-00000000");
    assert.equal(node("server-1"), "server-1");
  });
});

/** A dot within a key is an escape: a path cannot be forged. */
const keyText = (key: string): string =>
  JSON.stringify(key)
    .slice(1, -1)
    .replaceAll(".", String.raw`\u002e`);
