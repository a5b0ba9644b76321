import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { planStackFiles } from "../plan/stack-files.ts";
import { change, damage, plausible, start, type Start } from "../tests/kits/stack-files/changes.ts";
import { damaged, mutated } from "../tests/kits/stack-files/mutate.ts";
import { validFleet } from "./cases.ts";
import { describeFindings } from "./describe.ts";

const runs = Number(process.env["FC_RUNS"] ?? 200);

describe("mutated stack files", function () {
  this.timeout(600_000);

  it(`with other values and keys: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, fc.array(change, { minLength: 1, maxLength: 3 }), (from, changes) => {
      withFile(from, (text) => mutated(text, changes, from));
    });
    fc.assert(property, { numRuns: runs });
  });

  it(`with other values of the same shapes: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, fc.array(plausible, { minLength: 1, maxLength: 4 }), (from, changes) => {
      withFile(from, (text) => mutated(text, changes, from));
    });
    fc.assert(property, { numRuns: runs });
  });

  it(`with damaged text: a plan, or findings that say where and what to do (${runs} runs)`, () => {
    const property = fc.property(start, damage, (from, each) => {
      withFile(from, (text) => damaged(text, each, from.at));
    });
    fc.assert(property, { numRuns: runs });
  });

  it("never repeat a secret that stands in plain text", () => {
    const canary = "correct-horse-battery-staple";
    const holders = [
      `{ sshKey: ${canary} }`,
      `[${canary}]`,
      canary,
      `{ sshKey: { secure: [${canary}] } }`,
      `{ a: { b: ${canary} } }`,
    ];
    for (const held of holders) {
      withFile(
        { folder: "three-raspberry-pis", file: 0, at: 0, other: 0 },
        (text) => Buffer.from(`${text}  isthmus:secrets: ${held}\n`),
        (said) => {
          assert.ok(!said.includes(canary), said);
          assert.notEqual(said, "");
        },
      );
    }
    withFile(
      { folder: "three-raspberry-pis", file: 0, at: 0, other: 0 },
      (text) => Buffer.from(text.replace("privateKey: sshKey", `privateKey: ${canary}`)),
      (said) => {
        assert.match(said, /ssh\.privateKey: what stands here is no name of a secret/);
        assert.ok(!said.includes(canary), said);
      },
    );
  });
});

/** Changes one file of a fixture and asserts what must hold of whatever comes of it. */
function withFile(
  from: Start,
  changed: (text: string) => Buffer,
  said: (text: string) => void = () => undefined,
): void {
  const files = validFleet(from.folder);
  const names = [...files.keys()];
  const name = names[from.file % names.length]!;
  const folder = mkdtempSync(join(tmpdir(), "isthmus-mutations-"));
  try {
    for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
    writeFileSync(join(folder, name), changed(files.get(name)!.toString()));
    said(verdict(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a user would read: nothing where all is well. */
function verdict(folder: string): string {
  const planned = planStackFiles(folder);
  if ("fleet" in planned) return "";
  const { findings, sources } = planned;
  assert.ok(findings.length > 0, "neither a plan nor a finding");
  for (const finding of findings) {
    const told = JSON.stringify(finding);
    assert.match(finding.rule, /^[a-z0-9-]+$/, told);
    assert.match(finding.at, /^Pulumi\.([a-z0-9-]+\.)?yaml#/, told);
    assert.ok(finding.problem.length > 3 && finding.fix.length > 3, told);
    assert.doesNotMatch(`${finding.problem} ${finding.fix}`, /\[object |\bundefined\b|\bNaN\b|function /, told);
    const line = sources.line(finding.at);
    assert.ok(Number.isInteger(line) && line >= 1, told);
  }
  return describeFindings(findings, sources);
}
