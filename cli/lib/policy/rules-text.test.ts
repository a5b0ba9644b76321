import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rules as packRules } from "../../../policy/rules.ts";
import { allRules } from "./all-rules.ts";
import { rulesDocument, ruleText } from "./rules-text.ts";

describe("the table of rules", () => {
  it("has every rule that is defined anywhere, once, in the order of ids", () => {
    const ids = allRules.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    const defined = execFileSync(
      "git",
      ["grep", "-hE", "-A1", "= (table\\.)?defineRule", "--", "*.ts", ":!*.test.ts"],
      {
        encoding: "utf8",
      },
    );
    const written = [...defined.matchAll(/^ *id: "([a-z0-9-]+)",$/gm)].map(([, id = ""]) => id);
    assert.ok(written.length > 60, String(written.length));
    assert.deepEqual(
      written.filter((id) => !ids.some((one) => one === id)),
      [],
    );
  });

  it("says of each what must hold and what to do, as sentences, and where more stands", () => {
    for (const { id, summary, fix, docs } of allRules) {
      for (const text of [summary, fix]) assert.match(text, /^(\p{Lu}|k3s).*\.$/su, `${id}: ${text}`);
      if (docs.startsWith("https://")) continue;
      const [file = "", anchor] = docs.split("#");
      assert.ok(existsSync(file), `${id}: ${docs}`);
      if (anchor === undefined) continue;
      const anchors = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
        anchorOf(heading),
      );
      assert.ok(anchors.includes(anchor), `${id}: ${docs}, of ${anchors.join(" ")}`);
    }
  });

  it("says of each policy whether it stops a deployment, and of no other rule", () => {
    assert.deepEqual(
      allRules.flatMap(({ id, enforcement }) => (enforcement === undefined ? [] : [id])),
      packRules.map(({ id }) => id).sort(),
    );
  });

  it("tells a rule in full, for people and for programs", () => {
    const rule = allRules.find(({ id }) => id === "stored-data-backed-up");
    assert.ok(rule !== undefined);
    assert.match(
      ruleText(rule, { columns: 80 }),
      /^stored-data-backed-up \(policy\): \w+, mandatory unless policy-config\.json/,
    );
    const { fix, summary, docs, severity } = rule;
    assert.deepEqual(rulesDocument([rule]), {
      version: 1,
      rules: [{ id: "stored-data-backed-up", from: "policy", severity, enforcement: "mandatory", summary, fix, docs }],
    });
  });
});

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
