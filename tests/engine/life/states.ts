/** `npm run state`: the states are where they should be, a copy of them, and back from the copy. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { must } from "../../kits/engine/harness.ts";
import { backendUrl } from "../../kits/engine/workspace.ts";
import { summary, type TwoSites } from "../../kits/fleets/two-sites.ts";

export function states(sites: () => TwoSites): void {
  const copies = (): string => join(sites().fleet.program, "state-copies");
  const newest = (): string =>
    join(
      copies(),
      readdirSync(copies())
        .filter((name) => /^\d/.test(name))
        .sort()
        .at(-1) ?? "",
    );

  it("backup copies every state, encrypted as it is, with what damage shows by", async () => {
    const run = await sites().tool("state", ["backup"]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual(readdirSync(newest()).sort(), ["manifest.json", "site-a.json", "site-b.json"]);
    assert.equal(statSync(newest()).mode & 0o777, 0o700);
    for (const file of readdirSync(newest())) assert.equal(statSync(join(newest(), file)).mode & 0o777, 0o600);
    assert.match(readFileSync(join(newest(), "site-a.json"), "utf8"), /"ciphertext"/);
  });

  it("check finds all in order, and says what cannot be seen from here", async () => {
    const run = await sites().tool("state", ["check", "--copies", copies()]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /site-a, site-b/);
    assert.match(run.stdout, /former versions is not known from here/);
  });

  it("check tells everything that is wrong at once", async () => {
    const { edit, tool } = bound(sites());
    const undo = edit("Pulumi.yaml", ["config", "isthmus:fleet", "value", "state", "backend"], "s3://elsewhere");
    const empty = join(sites().fleet.program, "no-copies");
    const run = await tool("state", ["check", "--copies", empty], { PULUMI_CONFIG_PASSPHRASE: "wrong" });
    undo();
    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /the CLI uses "file:.*the file says "s3:\/\/elsewhere"/);
    assert.match(run.stderr, /secrets of "site-a" cannot be read\n +The passphrase does not open this state/);
    assert.match(run.stderr, /secrets of "site-b" cannot be read/);
    assert.match(run.stderr, /no copy of the state in .*no-copies/);
  });

  it("restore refuses a damaged copy whole", async () => {
    const file = join(newest(), "site-b.json");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replace("site-b", "site-x"));
    const run = await sites().tool("state", ["restore", newest()]);
    writeFileSync(file, before);
    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /site-b\.json: not as it was written/);
  });

  it("on a new computer with an empty backend, the states come back and nothing is to be changed", async () => {
    const { fleet, a, b, newComputer, tool, edit } = bound(sites());
    const backend = join(fleet.program, "..", "another-backend");
    mkdirSync(backend);
    const env = { ...newComputer(), PULUMI_BACKEND_URL: backendUrl(backend) };
    const stated = edit("Pulumi.yaml", ["config", "isthmus:fleet", "value", "state", "backend"], backendUrl(backend));
    const files = ["Pulumi.site-a.yaml", "Pulumi.site-b.yaml"].map((file) => join(fleet.program, file));
    const before = files.map((file) => readFileSync(file, "utf8"));
    const run = await tool("state", ["restore", newest()], env);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual(
      files.map((file) => readFileSync(file, "utf8")),
      before,
      "their secrets stay readable: the salt is kept",
    );
    for (const site of [a, b])
      assert.deepEqual(summary(must(await site.preview({ env, args: ["--expect-no-changes"] }))), []);
    stated();
    rmSync(backend, { recursive: true });
  });

  it("restore refuses to take the place of a newer state, unless it is forced", async () => {
    const { a, tool } = bound(sites());
    const folder = newest();
    must(await a.up({ args: ["--expect-no-changes"] }));
    const run = await tool("state", ["restore", folder, "site-a"]);
    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /site-a: the backend's state is of .*, newer than the copy of/);
    const stale = await tool("state", ["check", "--copies", copies()]);
    assert.equal(stale.exitCode, 1);
    assert.match(stale.stderr, /the copy of "site-a" in .* is of/);
    const forced = await tool("state", ["restore", folder, "site-a", "--force"]);
    assert.equal(forced.exitCode, 0, forced.stderr);
    must(await a.preview({ args: ["--expect-no-changes"] }));
  });
}

const bound = (sites: TwoSites) => ({
  a: sites.a,
  b: sites.b,
  fleet: sites.fleet,
  edit: sites.edit.bind(sites),
  newComputer: sites.newComputer.bind(sites),
  tool: sites.tool.bind(sites),
});
