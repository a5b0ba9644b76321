import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verbs } from "../../commands/index.ts";
import { commandsOf } from "./declare.ts";
import { completionScript, shells, type Shell } from "./completion.ts";

/** Asks the shell itself what it offers at the end of a line. */
const asking: Readonly<Record<Shell, string>> = {
  bash: `source "$SCRIPT"
    IFS='|' read -ra COMP_WORDS <<<"$LINE|end"; unset 'COMP_WORDS[-1]'
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    if [ "\${COMP_WORDS[0]}" = npx ]; then __isthmus_npx; else __isthmus; fi
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  // The completion system itself needs a terminal: what is handed to it is what is looked at.
  zsh: `compdef() { :; }; typeset -A _comps
    compadd() { shift; for one in "$@"; do [[ $one == "\${words[CURRENT]}"* ]] && print -r -- $one; done }
    _files() { local one; for one in "\${words[CURRENT]}"*(\${1:+/}N); do print -r -- $one; done }
    source "$SCRIPT"
    words=("\${(@s:|:)LINE}"); CURRENT=\${#words}
    if [ "\${words[1]}" = npx ]; then _isthmus_npx; else _isthmus; fi`,
  fish: `source $SCRIPT; complete -C (string replace -a '|' ' ' -- $LINE) | cut -f1`,
};

describe("completion", () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-completion-"));
  const other = join(folder, "other");
  before(() => {
    mkdirSync(other);
    for (const name of ["Pulumi.yaml", "Pulumi.home.yaml", "Pulumi.cabin.yaml"]) writeFileSync(join(folder, name), "");
    writeFileSync(join(other, "Pulumi.rack.yaml"), "");
    for (const shell of shells) writeFileSync(join(folder, `script.${shell}`), completionScript(shell, verbs));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function offered(
    shell: Shell,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): readonly string[] {
    const run = spawnSync(shell, [...(shell === "zsh" ? ["-f"] : []), "-c", asking[shell]], {
      cwd: folder,
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        SCRIPT: join(folder, `script.${shell}`),
        LINE: words.join("|"),
        ...env,
      },
    });
    assert.equal(run.stderr, "", shell);
    return run.stdout
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  }

  for (const shell of shells) {
    describe(shell, function () {
      this.timeout(30_000);
      before(function () {
        if (spawnSync(shell, ["--version"]).error !== undefined) {
          console.log(`      ${shell} is not installed`);
          this.skip();
        }
      });

      it("is a script that the shell takes", () => {
        execFileSync(shell, ["-n", join(folder, `script.${shell}`)]);
      });

      it("offers verbs, commands of groups, and options", () => {
        const names = verbs.map(({ name }) => name);
        assert.deepEqual(
          offered(shell, ["isthmus", ""]).filter((word) => !word.startsWith("-")),
          [...names].sort(),
        );
        assert.deepEqual(offered(shell, ["isthmus", "sta"]), ["state", "status"]);
        assert.deepEqual(offered(shell, ["isthmus", "state", "f"]), ["forget-host"]);
        assert.deepEqual(offered(shell, ["isthmus", "preview", "--o"]), ["--out"]);
        assert.deepEqual(offered(shell, ["isthmus", "state", "restore", "--f"]), ["--force"]);
      });

      it("offers every option of every command", () => {
        for (const { words, command } of commandsOf(verbs.find(({ name }) => name === "update-os") ?? assert.fail())) {
          const found = offered(shell, ["isthmus", ...words, "--"]);
          assert.equal(found.length, Object.keys(command.options).length + 1, found.join(" "));
        }
      });

      it("offers what a value may be: choices, sites, folders", () => {
        assert.deepEqual(offered(shell, ["isthmus", "update-os", "home", "--reboot", ""]), [
          "always",
          "never",
          "when-required",
        ]);
        assert.deepEqual(offered(shell, ["isthmus", "dns", "z"]), ["zone"]);
        assert.deepEqual(offered(shell, ["isthmus", "destroy", "home", "--confirm", ""]), ["cabin", "home"]);
        assert.deepEqual(
          offered(shell, ["isthmus", "preview", "--config", "o"]).map((one) => one.replace(/\/$/, "")),
          ["other"],
        );
      });

      it("offers the sites of the folder that is meant", () => {
        assert.deepEqual(offered(shell, ["isthmus", "status", "c"]), ["cabin"]);
        assert.deepEqual(offered(shell, ["isthmus", "status", "--config", "other", "r"]), ["rack"]);
        assert.deepEqual(offered(shell, ["isthmus", "status", "r"], { ISTHMUS_CONFIG: other }), ["rack"]);
        assert.deepEqual(offered(shell, ["isthmus", "status", "ca"], { ISTHMUS_CONFIG: other }), []);
      });

      if (shell !== "fish")
        it("completes npx isthmus, too", () => {
          assert.deepEqual(offered(shell, ["npx", "isthmus", "sta"]), ["state", "status"]);
        });
    });
  }
});
