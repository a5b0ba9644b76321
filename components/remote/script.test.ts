import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { assignments, shellWord } from "./quoting.ts";
import {
  preamble,
  renderCommand,
  renderInput,
  renderScript,
  withShortCommand,
  type Script,
  type ScriptCall,
} from "./script.ts";

/** Runs a call the way a host does: the login shell gets the command line, standard input follows. */
function run(call: ScriptCall, secrets: Record<string, string> = {}) {
  const input = renderInput(call, secrets);
  const done = spawnSync("/bin/sh", ["-c", renderCommand(call)], { input, encoding: "utf8" });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

function callOf(text: string, rest: Partial<ScriptCall> = {}): ScriptCall {
  const script: Script = { name: "test.sh", text };
  return { script, host: "server-1", parameters: {}, secretNames: [], user: "root", ...rest };
}

const anyText = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));

describe("a script's parameters", () => {
  it("are assignments in the order of their names", () => {
    const text = assignments({ ZONE: "it's", ADDRESSES: ["10.0.0.1", "a b"], NONE: [], COUNT: 3, ON: true });
    assert.equal(text, "ADDRESSES=(10.0.0.1 'a b')\nCOUNT=3\nNONE=()\nON=true\nZONE='it'\\''s'\n");
  });

  it("have names that a shell variable can have", () => {
    assert.throws(() => assignments({ "A;reboot": "x" }), /"A;reboot" is no name for a parameter/);
    assert.throws(() => shellWord("a\0b"), /NUL/);
  });

  for (const [where, moved] of [
    ["on the command line", (call: ScriptCall) => call],
    ["with the script, where they are long", withShortCommand],
  ] as const) {
    it(`reach the script exactly as they were, whatever is in them, ${where}`, () => {
      const long = fc.tuple(anyText, fc.nat(200)).map(([text, times]) => text.repeat(times));
      fc.assert(
        fc.property(fc.oneof(anyText, long), fc.array(anyText, { maxLength: 4 }), (text, list) => {
          const call = callOf(`printf '%s\\0' "$TEXT" "\${LIST[@]}"\n`, { parameters: { TEXT: text, LIST: list } });
          const { stdout, stderr } = run(moved(call));
          assert.equal(stderr, "");
          assert.deepEqual(stdout.split("\0"), [text, ...list, ""]);
        }),
        { numRuns: 60 },
      );
    });
  }

  it("do not make the command line long, and change it with every change of theirs", () => {
    const call = (file: string): ScriptCall =>
      withShortCommand(callOf("true\n", { parameters: { NODE: "server-1", FILES: [file, "it's\n".repeat(2000)] } }));
    assert.equal(
      renderCommand(call("a")).replace(/read -r .*/s, ""),
      "exec bash -c 'ISTHMUS_HOST=server-1\nISTHMUS_SCRIPT=test.sh\nISTHMUS_SECRETS=()\nNODE=server-1\n",
    );
    assert.ok(renderCommand(call("a")).length < 400, renderCommand(call("a")));
    assert.notEqual(renderCommand(call("a")), renderCommand(call("b")));
  });
});

describe("a script's secrets", () => {
  it("reach the script exactly, are on no command line and are not exported", () => {
    fc.assert(
      fc.property(anyText, anyText, (first, second) => {
        const call = callOf(`printf '%s\\0' "$FIRST" "$SECOND"; env -0 | grep -czE '^(FIRST|SECOND)=' || true\n`, {
          secretNames: ["SECOND", "FIRST"],
        });
        const { stdout } = run(call, { FIRST: first, SECOND: second });
        assert.deepEqual(stdout.split("\0"), [first, second, "0\n"]);
      }),
      { numRuns: 40 },
    );
  });

  it("do not stay exported when the session had a variable of that name", () => {
    const call = callOf(`env | grep -c TOKEN || true\n`, { secretNames: ["TOKEN"] });
    const input = renderInput(call, { TOKEN: "canary-1234" });
    const done = spawnSync("/bin/sh", ["-c", renderCommand(call)], { input, encoding: "utf8", env: { TOKEN: "old" } });
    assert.equal(done.stdout, "0\n");
  });

  it("are masked in everything that a failed script says", () => {
    const call = callOf(`step "join"\nsay "token is $TOKEN"\nfail "refused: $TOKEN" "look at $TOKEN"\n`, {
      secretNames: ["TOKEN"],
    });
    const { status, stdout, stderr } = run(call, { TOKEN: "canary-*-[x]" });
    assert.equal(status, 1);
    assert.ok(!(stdout + stderr + renderCommand(call) + renderScript(call)).includes("canary"), stderr);
    assert.match(stderr, /\[server-1\] because: refused: \[secret\]/);
  });

  it("never appear in the command line, whatever they are", () => {
    fc.assert(
      fc.property(fc.uuid(), (value) => {
        const call = callOf("true\n", { secretNames: ["TOKEN"], parameters: { NODE: "a" } });
        assert.ok(!renderCommand(call).includes(value));
        assert.ok(renderInput(call, { TOKEN: value }).includes(Buffer.from(value).toString("base64")));
      }),
    );
  });

  it("that do not come are an error, not an empty value", () => {
    const { status, stderr } = run(callOf("echo ran\n", { secretNames: ["TOKEN"] }), {});
    assert.equal(status, 1);
    assert.match(stderr, /no value came for TOKEN/);
  });
});

describe("a failed script", () => {
  it("names the host, the step, the command and the fix", () => {
    const { status, stderr } = run(callOf(`step "copy the file"\ncp /nowhere /tmp/x 2>/dev/null\necho unreachable\n`));
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `[server-1] copy the file
[server-1] failed at: copy the file
[server-1] because: "cp /nowhere /tmp/x 2> /dev/null" ended with status 1
[server-1] to fix: the lines above name the cause; fix it and run the same command again
`,
    );
  });

  it("fails once, at the place where a function inside a substitution failed", () => {
    const text = `inner() { false; }\nvalue=$(inner)\necho "$value"\n`;
    const { status, stdout, stderr } = run(callOf(text));
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.equal(stderr.match(/because:/g)?.length, 1);
  });

  it("stops at an unset variable and in the middle of a pipe", () => {
    assert.notEqual(run(callOf(`echo "$NO_SUCH"; echo on\n`)).status, 0);
    assert.notEqual(run(callOf(`false | cat; echo on\n`)).status, 0);
  });

  it("has a command line that stays short, because every error repeats it", () => {
    const call = callOf("true\n".repeat(2000), { parameters: { NODE: "server-1" } });
    assert.ok(renderCommand(call).length < 400, renderCommand(call));
  });

  it("does not begin where it was cut off on its way, wherever that was", () => {
    const call = callOf("echo begun\n", { longParameters: { FILE: "a" } });
    const input = renderInput(call, {});
    for (const length of [0, 1, 500, input.indexOf("\n") - 1, input.indexOf("\n"), input.length - 1]) {
      const cut = input.slice(0, length);
      const { status, stdout, stderr } = spawnSync("sh", ["-c", renderCommand(call)], { input: cut, encoding: "utf8" });
      assert.deepEqual([status, stdout], [1, ""], String(length));
      assert.match(stderr, /^\[server-1\] script cut off, or no gzip here$/m);
    }
    assert.equal(run(call).stdout, "begun\n");
  });

  it("is sent compressed, to the same bytes every time: another one would be a change of every host", () => {
    const call = callOf("# why\n  # how\necho 1 # one\n");
    const [packed = ""] = renderInput(call, {}).split("\n");
    const text = gunzipSync(Buffer.from(packed, "base64")).toString();
    assert.ok(text.endsWith("\necho 1 # one\n"));
    assert.doesNotMatch(text, /^ *#/m);
    const bytes = Buffer.from(
      renderInput({ script: { name: "a", text: "true\n" } }, {}).split("\n")[0] ?? "",
      "base64",
    );
    assert.deepEqual([...bytes.subarray(0, 8)], [31, 139, 8, 0, 0, 0, 0, 0]);
  });
});

describe("what the preamble offers", () => {
  it("writes a file only if its content or mode differs", () => {
    const text = `dir=$(mktemp -d); inode() { stat -c '%i %a' "$dir/a/b"; }
put "$dir/a/b" 0600 $'x\\n'; first=$(inode); cat "$dir/a/b"
put "$dir/a/b" 0600 $'x\\n'; [ "$(inode)" = "$first" ] && echo kept
put "$dir/a/b" 0644 $'x\\n'; [ "$(inode)" = "$first" ] || echo "$(stat -c %a "$dir/a/b")"
put "$dir/a/b" 0644 'y'; cat "$dir/a/b"; echo; ls "$dir/a"; rm -r "$dir"\n`;
    assert.equal(run(callOf(text)).stdout, "x\nkept\n644\ny\nb\n");
  });

  it("has a file's content on the disk before its name, and the name before it goes on", () => {
    const text = `dir=$(mktemp -d); sync() { echo "sync \${*//$dir/D}"; }; mv() { echo "mv \${*//$dir/D}"; command mv "$@"; }
put "$dir/a" 0600 x; put "$dir/a" 0600 x; sync() { [ $# = 0 ] && echo all; }; put "$dir/a" 0600 y; cat "$dir/a"; rm -r "$dir"\n`;
    assert.deepEqual(run(callOf(text)).stdout.split("\n"), [
      "sync D/a.isthmus",
      "mv -f D/a.isthmus D/a",
      "sync D",
      // A sync that takes no names.
      "all",
      "mv -f D/a.isthmus D/a",
      "all",
      "y",
    ]);
  });

  it("leaves no control characters in what others say", () => {
    const text = `printf 'a\\tb \\033[2Jc\\r\\n\\007d \\303\\251\\n' | relay\n`;
    assert.equal(run(callOf(text)).stderr, "[server-1] a\tb ?[2Jc\n[server-1] ?d é\n");
  });

  it("retries for as long as it is told, without a failure of its own", () => {
    const text = `n=0; third() { n=$((n + 1)); [ "$n" -ge 3 ]; }\nretry 10 third; echo "$n"; retry 0 false || echo no\n`;
    assert.equal(run(callOf(text)).stdout, "3\nno\n");
  });

  it("gives the script nothing on standard input, so that no program eats the rest", () => {
    assert.equal(run(callOf(`wc -c\n`, { secretNames: ["A"] }), { A: "b" }).stdout.trim(), "0");
  });
});

describe("a script as people read it", () => {
  it("is the preamble and the script under its parameters, secrets by name only", () => {
    const text = renderScript(callOf("echo hi\n", { parameters: { NODE: "a" }, secretNames: ["TOKEN"] }));
    const head = "#!/usr/bin/env bash\n# test.sh on server-1\nNODE=a\n# TOKEN: secret, read from standard input\n";
    assert.equal(text, `${head}${preamble.text}echo hi\n`);
  });

  it("runs through sudo for anybody but root", () => {
    assert.match(
      renderCommand(callOf("true\n", { user: "pi" })),
      /^exec bash -c .* sudo -n true .*\nexec \$\{user:\+sudo -n\} bash -c /s,
    );
    assert.match(renderCommand(callOf("true\n")), /^exec bash -c /);
  });

  it("says who may not call sudo, and is as it was given where he may", () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-sudo-"));
    const call = callOf(`printf %s "$TEXT"; cat\n`, { user: "pi", parameters: { TEXT: 'it\'s "all"\n there' } });
    const as = (sudo: string, id = 1000) => {
      writeFileSync(join(folder, "sudo"), `#!/bin/sh\n${sudo}\n`, { mode: 0o755 });
      writeFileSync(join(folder, "id"), `#!/bin/sh\n[ "$1" = -un ] && echo pi || echo ${id}\n`, { mode: 0o755 });
      const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
      return spawnSync("/bin/sh", ["-c", renderCommand(call)], {
        input: renderInput(call, {}),
        encoding: "utf8",
        env,
      });
    };
    const refused = as("echo 'sudo: a password is required' >&2; exit 1");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^\[server-1\] because: pi may not call sudo without a password$/m);
    assert.match(
      refused.stderr,
      /^\[server-1\] to fix: connect as root, or on the host: echo 'pi ALL=\(ALL\) NOPASSWD: ALL' >/m,
    );
    assert.equal(as('shift; exec "$@"').stdout, 'it\'s "all"\n there');
    // Of several hosts that may be asked, one is entered as root, and needs no sudo.
    assert.equal(as("exit 1", 0).stdout, 'it\'s "all"\n there');
    rmSync(folder, { recursive: true });
  });

  it("changes the command line when only its text changes, so that a diff shows it", () => {
    assert.notEqual(renderCommand(callOf("echo 1\n")), renderCommand(callOf("echo 2\n")));
    const filed = (text: string): ScriptCall => ({ ...callOf("true\n"), longParameters: { FILE: text } });
    assert.notEqual(renderCommand(filed("# 1\n")), renderCommand(filed("# 2\n")));
  });

  it("is the same where only a comment of the script changes: no host runs it again for that", () => {
    const [one, other] = [callOf("# one\ntrue\n"), callOf("# other\ntrue\n")];
    assert.equal(renderCommand(one), renderCommand(other));
    assert.equal(renderInput(one, {}), renderInput(other, {}));
  });
});
