import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readablePath, splitSourcePath } from "@isthmus/core";
import { execa } from "execa";
import { parse } from "yaml";
import { planStackFiles } from "../plan/stack-files.ts";

const root = join(import.meta.dirname, "fixtures");
const invalid = readdirSync(join(root, "invalid"));
const valid = readdirSync(join(root, "valid"));

interface Expected {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly value: string;
  readonly problem: string;
  readonly mend: string;
}

const expectedOf = (name: string): readonly Expected[] =>
  parse(readFileSync(join(root, "invalid", name, "expected.yaml"), "utf8")) as Expected[];

/** Rules that no stack file can break with the services that there are; each has unit tests with a service made for it. */
const byMadeUpServices = ["architecture-missing", "capability-cycle", "label-nobody-has"];

describe("stack files", () => {
  for (const name of valid) {
    it(`${name}: nothing is wrong`, () => {
      assert.deepEqual(findingsIn(join(root, "valid", name)), []);
    });
  }

  for (const name of invalid) {
    it(`${name}: refused, with every message`, () => {
      const expected = expectedOf(name);
      const told = expected.map(({ value, ...message }) => {
        assert.ok(message.problem.includes(value), `the message does not quote ${value}`);
        return message;
      });
      assert.deepEqual(findingsIn(join(root, "invalid", name)), told);
      if (!name.startsWith("seed-")) assert.ok(told.some(({ rule }) => name.startsWith(`${rule}-`)));
    });
  }

  it("are refused by every rule in at least three fixtures", () => {
    const broken = invalid.flatMap((name) => [...new Set(expectedOf(name).map(({ rule }) => rule))]);
    for (const rule of rulesInSource()) {
      const count = broken.filter((other) => other === rule).length;
      if (byMadeUpServices.includes(rule)) assert.equal(count, 0, `${rule} has fixtures now: take it off the list`);
      else assert.ok(count >= 3, `${rule} has ${count} fixtures`);
    }
    assert.ok(invalid.length >= 60);
    assert.ok(valid.length >= 8);
  });
});

/** One of each kind: a shape, a rule across fields, a rule of the plan, broken YAML, and the seed with all of its messages. */
const sample = [
  "unknown-key-network-gatway",
  "cidr-overlap-two-networks",
  "node-too-small-server-memory",
  "yaml-syntax-tab",
  "seed-000-literal",
];

describe("npm run preview -- --config", function () {
  const all = process.env["ALL_FIXTURES"] !== undefined;
  this.timeout(all ? 1_800_000 : 120_000);

  it(`refuses ${all ? "all fixtures" : "a sample of the fixtures (ALL_FIXTURES=1: all)"} in words, with exit code 1`, async () => {
    const queue = all ? [...invalid] : [...sample];
    const worker = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) await refusedByPreview(name);
    };
    await Promise.all([worker(), worker()]);
  });

  it("accepts files that are in order", async () => {
    const { exitCode, stderr } = await preview(join(root, "valid", "three-raspberry-pis"));
    assert.equal(exitCode, 0, stderr);
  });

  it("tells of a folder that is not there", async () => {
    const { exitCode, stderr } = await preview(join(root, "no-such-folder"));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^1 thing is wrong in the stack files:\n\nPulumi\.yaml:1: the file is not there \[missing-file\]\n/,
    );
  });
});

async function refusedByPreview(name: string): Promise<void> {
  const { exitCode, stdout, stderr } = await preview(join(root, "invalid", name));
  assert.equal(exitCode, 1, `${name}: ${stderr}`);
  assert.equal(stdout, "");
  assert.doesNotMatch(stderr, /^\s+at .*[:(]/m, "a stack trace");
  for (const { rule, file, line, path, problem, mend } of expectedOf(name)) {
    const where = `${file}:${line}: ${path === "" ? "" : `${path}: `}`;
    assert.ok(
      stderr.includes(`${where}${problem} [${rule}]\n    ${mend}`),
      `${name} does not say: ${where}${problem}\n${stderr}`,
    );
  }
}

function preview(folder: string) {
  const project = join(import.meta.dirname, "..");
  const args = ["--import", "tsx", "tools/preview.ts", "--config", folder];
  return execa(process.execPath, args, { cwd: project, reject: false });
}

function findingsIn(folder: string): Omit<Expected, "value">[] {
  const planned = planStackFiles(folder);
  if ("fleet" in planned) return [];
  const { findings, sources } = planned;
  return findings.map(({ rule, at, problem, mend }) => ({
    rule,
    file: splitSourcePath(at).file,
    line: sources.line(at),
    path: readablePath(at),
    problem,
    mend,
  }));
}

/** Every `rule: "…"` of config, plan and the packages: what stack files can break. */
function rulesInSource(): Set<string> {
  const project = join(import.meta.dirname, "..");
  const files = ["config", "plan", "components"].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("node_modules"))
      .map((file) => join(project, folder, file)),
  );
  const rules = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\brule: "([a-z0-9-]+)"/g)].map(([, rule = ""]) => rule),
  );
  return new Set(rules);
}
