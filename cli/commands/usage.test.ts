import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endOf, exitCode } from "../lib/exit.ts";
import { commandsOf, isGroup, needs } from "../lib/command/declare.ts";
import type { Option } from "../lib/command/option.ts";
import { parse, typedName, type Typed } from "../lib/command/parse.ts";
import { verbs } from "./index.ts";

const commands = verbs.flatMap(commandsOf);
const all = commands.flatMap(({ words, command }) =>
  [...Object.entries(command.arguments), ...Object.entries(command.options)].map(([name, option]) => ({
    where: `${words.join(" ")}: ${name}`,
    option,
  })),
);

const folder = mkdtempSync(join(tmpdir(), "isthmus-usage-"));
const file = join(folder, "a-file");

/** What stands for values that have a shape of their own. */
const shaped: Readonly<Record<string, string>> = {
  address: "192.168.1.10",
  checksum: `arm64=${"0".repeat(64)}`,
  key: "pc=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOVJtx5noboPwuxEGJsK+2DplvDXJqhiSzu7I5SxM3z",
  kind: "amd64/4/8Gi",
  network: "192.168.1.0/24",
  node: "pc=192.168.1.11",
  site: "site-a",
  time: "2026-11-21T09:30:00Z",
};

/** Something that an option takes. */
function right({ choices, takes, completes }: Option<unknown>): string {
  if (choices !== undefined) return choices[0] ?? "";
  if (completes === "folders") return folder;
  if (completes === "files" && takes === "file") return file;
  return shaped[takes ?? ""] ?? "7";
}

/** What is wrong with an option, by what is typed for it. */
function wrong({ choices, completes, takes, read }: Option<unknown>): readonly string[] {
  if (choices !== undefined) return ["no-such-choice"];
  if (completes === "folders") return [file, join(file, "below")];
  if (completes === "files" && takes === "file") return [folder, join(folder, "gone")];
  if (takes === "seconds" || takes === "days" || takes?.startsWith("count")) return ["-1", "soon", "1.5", ""];
  return read === undefined || takes === "site" ? [] : ["?", "=", "a=b", "."];
}

function refusal(typed: Typed): string {
  assert.ok("said" in typed, "it was taken");
  assert.equal(typed.code, exitCode.usage);
  assert.match(typed.said, /^error: [^\n]+\n/);
  assert.doesNotMatch(typed.said, /\n\s+at /);
  return typed.said;
}

describe("every command", () => {
  before(() => {
    writeFileSync(file, "");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const { words, command } of commands) {
    const place = Object.values(command.arguments).filter(({ required }) => required);
    const options = Object.entries(command.options);
    const fine = [
      ...words,
      ...place.map(right),
      ...options.filter(([, { required }]) => required).flatMap(([name, option]) => [typedName(name), right(option)]),
    ];

    describe(words.join(" "), () => {
      it("takes what it needs, and every option with a right value", () => {
        const given = options.flatMap(([name, option]) =>
          option.takes === undefined ? [typedName(name)] : [typedName(name), right(option)],
        );
        for (const typed of [parse(verbs, fine), parse(verbs, [...fine, ...given])])
          assert.ok("given" in typed, JSON.stringify(typed));
      });

      it("refuses an option that it does not know, one argument too many, and one too few", () => {
        assert.match(refusal(parse(verbs, [...fine, "--no-such-option"])), /unknown option '--no-such-option'/);
        const taken = Object.values(command.arguments);
        if (taken.every(({ several }) => !several)) {
          const full = [...words, ...taken.map(right), ...fine.slice(words.length + place.length)];
          assert.match(refusal(parse(verbs, [...full, "more"])), /too many arguments/);
        }
        if (place.length > 0) {
          const few = [...words, ...fine.slice(words.length + 1)];
          assert.match(refusal(parse(verbs, few)), /missing required argument/);
        }
      });

      for (const [name, option] of options.filter(([, { takes }]) => takes !== undefined)) {
        it(`refuses ${typedName(name)} without a value, and with each kind of wrong one`, () => {
          assert.match(refusal(parse(verbs, [...fine, typedName(name)])), /argument missing/);
          for (const value of wrong(option))
            assert.match(refusal(parse(verbs, [...fine, typedName(name), value])), /is invalid\. ["A-Z].*\.\n/, value);
        });
      }

      it("tells in its help what each of its values is, what it needs, and what it ends with", () => {
        const typed = parse(verbs, [...words, "--help"]);
        assert.ok("said" in typed);
        assert.equal(typed.code, exitCode.fine);
        for (const [name] of options) assert.ok(typed.said.includes(typedName(name)), name);
        for (const need of command.needs) assert.ok(typed.said.includes(needs[need]), need);
        assert.ok(typed.said.includes(`\n  1  ${command.finding}\n`));
      });

      it("has examples that it takes", () => {
        for (const example of command.examples.map((one) => one.replace(/ (&&|>) .*/, ""))) {
          const typed = parse(verbs, example.split(" "));
          // Folders and files of examples are not there.
          if ("said" in typed) assert.match(typed.said, /There is no such (folder|file)\./, example);
          else assert.equal(typed.command, command, example);
        }
      });

      it("is short in the list of commands", () => {
        assert.ok(command.summary.length <= 76, `${String(command.summary.length)} characters`);
        assert.match(command.summary, /^[a-z].*[^.]$/);
      });
    });
  }

  it("says the same of the same thing: --config, --confirm and sites", () => {
    for (const { where, option } of all) {
      if (where.endsWith(": config")) assert.match(option.fallback?.text ?? "", /ISTHMUS_CONFIG/, where);
      if (where.endsWith(": confirm")) assert.equal(option.takes, "site", where);
      if (option.takes === "site") assert.equal(option.completes, "sites", where);
      if (option.takes === "folder") assert.equal(option.completes, "folders", where);
    }
  });

  it("takes --config where it needs stack files or the Pulumi CLI", () => {
    const without = commands.filter(
      ({ command }) =>
        command.options["config"] === undefined &&
        (command.needs.includes("stack files") || command.needs.includes("passphrase")),
    );
    assert.deepEqual(
      without.map(({ words }) => words.join(" ")),
      [],
    );
  });

  it("is a verb of npm, too: npm run VERB is npx isthmus VERB", () => {
    const { scripts, bin } = JSON.parse(readFileSync("package.json", "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
      readonly bin: Readonly<Record<string, string>>;
    };
    assert.deepEqual(bin, { isthmus: "cli/isthmus.js" });
    for (const { name } of verbs) assert.equal(scripts[name], `node cli/isthmus.js ${name}`);
    const started = Object.values(scripts).filter((script) => script.startsWith("node cli/isthmus.js"));
    assert.equal(started.length, verbs.length);
  });

  it("is found by its file's name", () => {
    for (const verb of verbs) {
      const text = readFileSync(`cli/commands/${verb.name}.ts`, "utf8");
      assert.match(text, /^export const command/m);
      if (isGroup(verb)) assert.ok(verb.commands.length > 1);
    }
  });
});

describe("what a command ends with", () => {
  it("is 3 and a message where the system refuses a path, and a stack trace where nobody foresaw it", () => {
    const refused = Object.assign(new Error("EACCES"), { code: "EACCES", path: "/x" });
    assert.deepEqual(endOf(refused), { code: exitCode.missing, message: "/x: you may not read or write it" });
    assert.equal(endOf(new TypeError("undefined is no function")), undefined);
    assert.equal(endOf(Object.assign(new Error("ENOENT"), { code: "ENOENT", path: "/x" })), undefined);
  });
});
