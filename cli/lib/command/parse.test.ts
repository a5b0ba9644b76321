import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configVariable } from "../../../config/folder.ts";
import { exitCode } from "../exit.ts";
import { declare } from "./declare.ts";
import { flag, oneOf, preset, readAs, required, several, text, wholeNumber } from "./option.ts";
import { parse } from "./parse.ts";
import { config, newFolder, site } from "./shared.ts";

const wait = declare({
  name: "wait",
  summary: "waits",
  arguments: { site, more: several(text("word", "more words")) },
  options: {
    config,
    dryRun: flag("only tell"),
    kind: preset(oneOf("kind", "which", ["short", "long"]), "short"),
    only: several(text("node", "these")),
    seconds: preset(wholeNumber("seconds", "how long", 1), 5),
    counts: preset(several(wholeNumber("counts", "how many")), [6, 60]),
    name: required(text("name", "its name")),
    since: readAs("time", "since when", (typed) => typed.length),
    out: newFolder("where to"),
  },
  examples: ["wait site-a --name x"],
  finding: "it was too long",
  needs: ["stack files"],
  run: () => Promise.resolve(exitCode.fine),
});

const parsed = (...words: readonly string[]) => parse([wait], ["wait", ...words]);

function given(...words: readonly string[]): Readonly<Record<string, unknown>> {
  const typed = parsed(...words);
  assert.ok("given" in typed, JSON.stringify(typed));
  return typed.given;
}

function refused(...words: readonly string[]): string {
  const typed = parsed(...words);
  assert.ok("said" in typed, "it was taken");
  assert.equal(typed.code, exitCode.usage);
  return typed.said.trim();
}

describe("what is typed", () => {
  it("gives a command every value that it declares: those that were left out by their presets", () => {
    assert.deepEqual(given("site-a", "--name", "x"), {
      site: "site-a",
      more: [],
      config: process.cwd(),
      dryRun: false,
      kind: "short",
      only: [],
      seconds: 5,
      counts: [6, 60],
      name: "x",
      since: undefined,
      out: undefined,
    });
  });

  it("is read as what it is: switches, numbers, choices, several with commas or repeated", () => {
    const words =
      "site-a one two --name x --dry-run --kind long --seconds 7 --only a,b --only c --counts 1,2 --since abc";
    const { more, dryRun, kind, seconds, only, counts, since } = given(...words.split(" "));
    assert.deepEqual(
      { more, dryRun, kind, seconds, only, counts, since },
      {
        more: ["one", "two"],
        dryRun: true,
        kind: "long",
        seconds: 7,
        only: ["a", "b", "c"],
        counts: [1, 2],
        since: 3,
      },
    );
  });

  it("is refused with what is wrong with it", () => {
    const fine = ["site-a", "--name", "x"];
    assert.match(refused("--name", "x"), /missing required argument 'site'/);
    assert.match(
      refused("Site A", "--name", "x"),
      /'Site A' is invalid for argument 'site'\. A site's name has lower case letters/,
    );
    assert.match(refused("site-a"), /required option '--name <name>' not specified/);
    assert.match(refused(...fine, "--kind", "wide"), /It has to be one of: short, long\./);
    assert.match(refused(...fine, "--seconds", "0"), /It has to be a whole number from 1 on\./);
    assert.match(refused(...fine, "--seconds", "soon"), /It has to be a whole number from 1 on\./);
    assert.match(refused(...fine, "--dryrun"), /unknown option '--dryrun'\n\(Did you mean --dry-run\?\)/);
    assert.match(refused(...fine, "--out"), /option '--out <folder>' argument missing/);
    assert.match(refused(...fine, "--out", "package.json"), /It is a file, not a folder\./);
    assert.match(refused(...fine, "--out", "package.json/out"), /Its part package\.json is a file, not a folder\./);
    assert.match(refused(...fine, "--config", "nowhere"), /There is no such folder\./);
    assert.match(refused(...fine, "--config", "package.json"), /It is a file, not a folder\./);
    assert.match(refused(...fine, "--config", ""), /There is no such folder\./);
  });

  it("names a command that there is", () => {
    const typed = parse([wait], ["wiat"]);
    assert.ok("said" in typed);
    assert.equal(typed.code, exitCode.usage);
    assert.equal(typed.said, "error: unknown command 'wiat'\n(Did you mean wait?)\n");
  });

  it("may be a question: help says how it is called, what it needs and how it ends", () => {
    const typed = parse([wait], ["wait", "--help"]);
    assert.ok("said" in typed);
    assert.equal(typed.code, exitCode.fine);
    for (const line of [
      "Usage: npx isthmus wait [options] <site> [word...]",
      "  npx isthmus wait site-a --name x",
      "  the stack files, in order",
      "  1  it was too long",
      "  3  something needed is not there",
    ])
      assert.ok(typed.said.includes(`${line}\n`), `${line}\n${typed.said}`);
  });
});

describe(`the folder that ${configVariable} names`, () => {
  const before = process.env[configVariable];
  const elsewhere = mkdtempSync(join(tmpdir(), "isthmus-config-"));
  after(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, configVariable);
    else process.env[configVariable] = before;
    rmSync(elsewhere, { recursive: true });
  });

  it("is that of the stack files, unless --config names another", () => {
    process.env[configVariable] = elsewhere;
    assert.equal(given("site-a", "--name", "x")["config"], elsewhere);
    assert.equal(given("site-a", "--name", "x", "--config", "docs")["config"], "docs");
  });

  it("has to be there", () => {
    process.env[configVariable] = join(elsewhere, "gone");
    assert.throws(() => parsed("site-a", "--name", "x"), /ISTHMUS_CONFIG=".*gone": There is no such folder\./);
    assert.equal(given("site-a", "--name", "x", "--config", "docs")["config"], "docs");
  });
});
