import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readablePath, splitSourcePath } from "@isthmus/core";
import { execa } from "execa";
import { parse } from "yaml";
import { stackFileRules } from "../plan/registry.ts";
import { planStackFiles } from "../plan/stack-files.ts";
import { readCases, validFleet, writeOut, type Case, type Expected } from "./cases.ts";

const root = join(import.meta.dirname, "fixtures");
const valid = readdirSync(join(root, "valid"));
const cases = readCases();

/** A case as a folder, while something reads it. */
async function written<T>(one: Pick<Case, "files">, read: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-case-"));
  try {
    writeOut(one, folder);
    return await read(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Rules that no stack file can break with the services that there are; each has unit tests with a service made for it. */
const byMadeUpServices = ["architecture-missing", "capability-cycle", "label-nobody-has"];

type Message = Omit<Expected, "value">;

function messageOf({ value, ...message }: Expected): Message {
  assert.ok(message.problem.includes(value), `the message does not quote ${value}`);
  return message;
}

describe("stack files", () => {
  for (const name of valid) {
    it(`${name}: nothing is wrong`, () => {
      assert.deepEqual(findingsIn(join(root, "valid", name)), []);
    });
  }

  for (const one of cases) {
    it(`${one.name}: refused, with every message`, async () => {
      const told = one.expected.map(messageOf);
      assert.deepEqual(await written(one, findingsIn), told);
      assert.ok(told.some(({ rule }) => rule === one.rule));
    });
  }

  it("seed-000: refused with its own numbers, with every message", () => {
    assert.deepEqual(findingsIn(join(root, "seed-000")), seedMessages.map(messageOf));
  });

  it("are refused by every rule in at least three cases of its own file", () => {
    const made = cases.map(({ rule }) => rule);
    const few = [...stackFileRules.keys()].filter((rule) => made.filter((other) => other === rule).length < 3);
    assert.deepEqual(few.sort(), byMadeUpServices, "write config/cases/<rule>.yaml, or take it off the list");
    const unknown = made.filter((rule) => !stackFileRules.has(rule));
    assert.deepEqual(unknown, [], "no rule is called so");
    assert.ok(cases.length >= 200);
    assert.ok(valid.length >= 8);
  });
});

/** One of each kind: a shape, a rule across fields, a rule of the plan, broken YAML. */
const sample = [
  "unknown-key-network-gatway",
  "cidr-overlap-two-networks",
  "node-too-small-server-memory",
  "yaml-syntax-tab",
];

describe("npm run preview -- --config", function () {
  const all = process.env["ALL_FIXTURES"] !== undefined;
  this.timeout(all ? 1_800_000 : 120_000);

  it(`refuses ${all ? "all cases" : "a sample of the cases (ALL_FIXTURES=1: all)"} in words, with exit code 1`, async () => {
    const queue = cases.filter(({ name }) => all || sample.includes(name));
    assert.ok(queue.length >= sample.length);
    const worker = async (): Promise<void> => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) await written(one, refused(one.expected));
    };
    await Promise.all([worker(), worker()]);
    await refused(seedMessages)(join(root, "seed-000"));
  });

  it("accepts files that are in order", async () => {
    const { exitCode, stderr } = await preview(join(root, "valid", "three-raspberry-pis"));
    assert.equal(exitCode, 0, stderr);
  });

  it("accepts authentication by-backends of a public Traefik, policies too, where what it leads to has a login", async () => {
    const files = new Map(validFleet("public-routes"));
    const site = files.get("Pulumi.home.yaml")?.toString() ?? "";
    const byBackends = site.replace("authentication: { users: publicUsers }", "authentication: by-backends");
    assert.notEqual(byBackends, site);
    files.set("Pulumi.home.yaml", Buffer.from(byBackends));
    const { exitCode, stdout, stderr } = await written({ files }, preview);
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stdout, /public-route-protected/);
    assert.match(stdout, /^In order +\d+ of \d+ policies kept/m);
  });

  it("refuses a folder that is not there", async () => {
    const { exitCode, stderr } = await preview(join(root, "no-such-folder"));
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /^error: option '--config <folder>' argument '.*no-such-folder' is invalid\. There is no such folder\.$/m,
    );
  });
});

/** The messages of the homelab that Isthmus was first asked for, docs/decisions/0001-seed-000.md. */
const seedMessages = parse(readFileSync(join(root, "seed-000", "expected.yaml"), "utf8")) as readonly Expected[];

const refused = (messages: readonly Message[]) => async (folder: string) => {
  const { exitCode, stdout, stderr } = await preview(folder);
  assert.equal(exitCode, 1, stderr);
  assert.equal(stdout, "");
  assert.doesNotMatch(stderr, /^\s+at .*[:(]/m, "a stack trace");
  for (const { rule, file, line, path, problem, fix } of messages) {
    const where = `${file}:${line}: ${path === "" ? "" : `${path}: `}`;
    const wanted = `${where}${problem} [${rule}]\n    ${fix}`;
    assert.ok(stderr.includes(wanted), `preview does not say: ${wanted}\n${stderr}`);
  }
};

function preview(folder: string) {
  const project = join(import.meta.dirname, "..");
  const args = ["cli/isthmus.js", "preview", "--config", folder];
  return execa(process.execPath, args, { cwd: project, reject: false });
}

function findingsIn(folder: string): Message[] {
  const planned = planStackFiles(folder);
  if ("fleet" in planned) return [];
  const { findings, sources } = planned;
  return findings.map(({ rule, at, problem, fix }) => ({
    rule,
    file: splitSourcePath(at).file,
    line: sources.line(at),
    path: readablePath(at),
    problem,
    fix,
  }));
}
