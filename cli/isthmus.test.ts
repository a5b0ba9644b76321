import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { verbs } from "./commands/index.ts";

const started = resolve("cli/isthmus.js");

interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function isthmus(words: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = "."): Promise<Run> {
  const run = await execa(process.execPath, [started, ...words], { cwd, env, stdin: "ignore", reject: false });
  return { exitCode: run.exitCode, stdout: run.stdout, stderr: run.stderr };
}

describe("the program", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "isthmus-program-"));
  const [empty, file, noPrograms] = [join(folder, "empty"), join(folder, "file"), join(folder, "bin")];
  before(() => {
    for (const one of [empty, noPrograms]) mkdirSync(one);
    writeFileSync(file, "");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("says as one file what it says module by module, with the scripts and tables that lie beside its sources", async () => {
    const words = ["preview", "site-b", "--json"];
    const [bundled, plain] = await Promise.all([
      isthmus(words),
      execa(process.execPath, ["--import", "tsx", "cli/isthmus.ts", ...words], { stdin: "ignore" }),
    ]);
    assert.ok(plain.stdout.length > 10_000);
    assert.equal(bundled.stdout, plain.stdout);
  });

  it("completes every verb, also as one file, into which a verb is put without the others", async () => {
    const script = (await isthmus(["completion", "bash"])).stdout;
    for (const { name } of verbs) assert.match(script, new RegExp(`\\b${name}\\b`), name);
    const plain = await execa(process.execPath, ["--import", "tsx", "cli/isthmus.ts", "completion", "bash"]);
    assert.equal(script, plain.stdout);
  });

  it("reads the stack files of --config, of ISTHMUS_CONFIG, or of where it is called, and says the same of them", async () => {
    const here = await isthmus(["dns", "hosts"]);
    assert.equal(here.exitCode, 0, here.stderr);
    assert.match(here.stdout, /^10\.0\.20\.210\t/m);
    for (const there of [
      await isthmus(["dns", "hosts", "--config", resolve(".")], {}, empty),
      await isthmus(["dns", "hosts"], { ISTHMUS_CONFIG: resolve(".") }, empty),
    ])
      assert.deepEqual(there, here);
    const nothing = await isthmus(["dns", "hosts"], {}, empty);
    assert.equal(nothing.exitCode, 1);
    assert.match(nothing.stderr, /Pulumi\.yaml/);
  });

  it("stops without a word when nobody reads on", async () => {
    const piped = await execa("bash", [
      "-c",
      `set -o pipefail; "$0" "$1" preview --json | head -c 1`,
      process.execPath,
      started,
    ]);
    assert.deepEqual([piped.stdout, piped.stderr], ["{", ""]);
  });

  it("writes a fleet that previews without a finding, and never another one over it", async () => {
    const target = join(folder, "fleet");
    const words =
      "--site home --node pc=10.9.0.11:server --machine amd64/4/8Gi --api 10.9.0.10 --backend file:///mnt/state";
    const run = await isthmus(["init", target, ...words.split(" "), "--stands-at", "a USB disk"]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^Written to .*: Pulumi\.yaml, Pulumi\.home\.yaml/);
    const shown = await isthmus(["preview"], { ISTHMUS_CONFIG: target });
    assert.deepEqual([shown.exitCode, shown.stderr], [0, ""]);
    assert.ok(run.stdout.includes(shown.stdout));
    const again = await isthmus(["init", target, ...words.split(" "), "--stands-at", "a USB disk"]);
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /init overwrites none/);
  });

  const away = { PATH: noPrograms };
  for (const [what, words, env, code, said] of [
    ["no verb", [], {}, 2, /^Usage: npx isthmus/],
    ["an unknown verb", ["previw"], {}, 2, /unknown command 'previw'\n\(Did you mean preview\?\)/],
    ["a verb that is a path", ["../commands/preview"], {}, 2, /unknown command/],
    ["a group without its command", ["state"], {}, 2, /^Usage: npx isthmus state/],
    ["an unknown site", ["preview", "site-z"], {}, 2, /^There is no site site-z; there are: site-a, site-b$/],
    [
      "too little for a fleet",
      ["init", join(folder, "none"), "--site", "home"],
      {},
      2,
      /^A fleet needs.*:\n {2}--node NAME=ADDRESS/,
    ],
    ["an unknown case", ["case", "no-such", "/tmp/x"], {}, 2, /^There is no case "no-such"/],
    ["a folder that is a file", ["status", "site-a", "--config", file], {}, 2, /It is a file, not a folder/],
    [
      "ISTHMUS_CONFIG that is a file",
      ["status", "site-a"],
      { ISTHMUS_CONFIG: file },
      2,
      /ISTHMUS_CONFIG=".*": It is a file/,
    ],
    ["a folder without stack files", ["preview", "--config", empty], {}, 1, /Pulumi\.yaml:1: the file is not there/],
    ["no Pulumi CLI", ["status", "site-a"], away, 3, /^There is no `pulumi` on the PATH/],
    ["no Pulumi CLI", ["recover", "site-a"], away, 3, /^There is no `pulumi` on the PATH/],
    ["no Pulumi CLI", ["destroy", "site-a", "--confirm", "site-a"], away, 3, /^There is no `pulumi` on the PATH/],
    ["no Pulumi CLI", ["state", "check"], away, 3, /^There is no `pulumi` on the PATH/],
    [
      "no Helm",
      ["charts", "--sources", empty, "--pull", "--helm", "no-such-helm"],
      {},
      3,
      /^no-such-helm is not there/,
    ],
    ["options that need another", ["charts", "--write"], {}, 2, /need --sources/],
    ["a zone that is none", ["dns", "zone", "--before", file], {}, 2, /it is no zone file/],
    ["what it cannot write to", ["preview", "site-b", "--out", "x".repeat(300)], {}, 3, /^x{300}.*: ENAMETOOLONG/],
  ] as const) {
    it(`ends with ${String(code)} and one message: ${what} (${words[0] ?? ""})`, async () => {
      const run = await isthmus(words, env);
      assert.equal(run.exitCode, code, run.stderr);
      assert.match(run.stderr, said);
      assert.doesNotMatch(run.stderr, /\n\s+at .*:\d+/, "a stack trace");
    });
  }
});
