import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { execa } from "execa";

describe("npm run preview -- --json on stack files that are not in order", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "isthmus-refused-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("prints one document with the findings by file and line, nothing else, and ends with 1", async () => {
    for (const name of ["Pulumi.yaml", "Pulumi.site-a.yaml", "Pulumi.site-b.yaml"]) {
      const text = readFileSync(name, "utf8");
      const broken = text.replace("private: 10.0.20.210-10.0.20.219", "private: 10.9.9.1-10.9.9.9");
      writeFileSync(join(folder, name), broken);
    }
    const words = ["cli/isthmus.js", "preview", "--json", "--config", folder];
    const { stdout, stderr, exitCode } = await execa(process.execPath, words, { stdin: "ignore", reject: false });
    assert.deepEqual([exitCode, stderr], [1, ""]);
    const document = JSON.parse(stdout) as { findings: { file: string; line: number; path: string; fix: string }[] };
    const lines = readFileSync(join(folder, "Pulumi.site-a.yaml"), "utf8").split("\n");
    const [finding] = document.findings;
    assert.ok(finding !== undefined && finding.fix !== "");
    assert.equal(finding.file, "Pulumi.site-a.yaml");
    assert.match(lines[finding.line - 1] ?? "", /private: 10\.9\.9\.1/);
    assert.match(finding.path, /pools\.private$/);
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(resolve("schemas/preview.json"), "utf8")) as object,
    );
    assert.ok(validate(document), JSON.stringify(validate.errors));
  });
});
