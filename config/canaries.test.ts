/** Secrets that stand where something else belongs: what is said of them does not repeat them. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCollection, isScalar, parseDocument, visit, type Document } from "yaml";
import { planStackFiles } from "../plan/stack-files.ts";
import { describeFindings } from "./describe.ts";

const files = ["Pulumi.yaml", "Pulumi.site-a.yaml", "Pulumi.site-b.yaml"];
const canaries = [
  `-----BEGIN OPENSSH PRIVATE KEY-----\ncanaryCANARY1\n-----END OPENSSH PRIVATE KEY-----\n`,
  `K10${"ab12".repeat(16)}::server:canaryCANARY1`,
  "isthmus@pve!canaryCANARY1=0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d",
  "https://admin:canaryCANARY1@registry.example.com",
  "https://discord.com/api/webhooks/1234567890/canaryCANARY1",
  "canaryCANARY1/K7MDENG/bPxRfiCYEXAMPLEKEY",
];
const alarm = /canaryCANARY1/;

/** Every value and every list or map of a file below our own keys. */
function pathsOf(document: Document): readonly (readonly unknown[])[] {
  const paths: unknown[][] = [];
  visit(document, {
    Pair(_, pair, above) {
      if (!isScalar(pair.key)) return;
      const keys = above.flatMap((node) =>
        typeof node === "object" && "key" in node && isScalar(node.key) ? [node.key.value] : [],
      );
      const path = [...keys, pair.key.value];
      if (path[0] === "config" && path.length > 1 && !hasList(above)) paths.push(path);
    },
  });
  return paths;
}

const hasList = (above: readonly unknown[]): boolean =>
  above.some((node) => isCollection(node) && node.constructor.name === "YAMLSeq");

describe("a secret in a wrong place", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "isthmus-canaries-"));
  before(() => {
    for (const file of files) cpSync(file, join(folder, file));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const file of files.slice(0, 2)) {
    it(`is not repeated, wherever it stands in ${file}`, () => {
      const text = readFileSync(file, "utf8");
      const paths = pathsOf(parseDocument(text));
      assert.ok(paths.length > (file === "Pulumi.yaml" ? 10 : 80), String(paths.length));
      let told = 0;
      for (const [index, path] of paths.entries()) {
        const document = parseDocument(text);
        document.setIn(path, canaries[index % canaries.length]);
        writeFileSync(join(folder, file), String(document));
        const planned = planStackFiles(folder);
        if ("fleet" in planned) continue;
        told += 1;
        assert.doesNotMatch(describeFindings(planned.findings, planned.sources), alarm, path.join("."));
      }
      assert.ok(told > paths.length / 2, `${String(told)} of ${String(paths.length)} were refused`);
      writeFileSync(join(folder, file), text);
    });
  }
});
