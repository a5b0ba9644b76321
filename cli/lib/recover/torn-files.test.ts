import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixTornFiles } from "./torn-files.ts";

describe("a backend of files that a killed run left half written", () => {
  let root: string;
  let stacks: string;
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(stacks, name), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "isthmus-torn-"));
    stacks = join(root, ".pulumi/stacks/isthmus");
    mkdirSync(stacks, { recursive: true });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("loses the checksum that was cut off, and keeps the state", async () => {
    write({ "site-a.json": '{"a":1}', "site-a.json.attrs": "", "site-b.json": "{}", "site-b.json.attrs": "{}" });
    const told = await fixTornFiles(`file://${root}`, "isthmus");
    assert.match(told.join("\n"), /site-a\.json\.attrs was cut off/);
    assert.deepEqual(readdirSync(stacks).sort(), ["site-a.json", "site-b.json", "site-b.json.attrs"]);
  });

  it("takes a state that was cut off from the copy before it, and keeps the torn one", async () => {
    write({ "site-a.json": '{"a":', "site-a.json.attrs": "{}", "site-a.json.bak": '{"a":0}' });
    await fixTornFiles(`file://${root}`, "isthmus");
    assert.equal(readFileSync(join(stacks, "site-a.json"), "utf8"), '{"a":0}');
    assert.equal(readFileSync(join(stacks, "site-a.json.torn"), "utf8"), '{"a":');
  });

  it("says so where there is no copy to take it from", async () => {
    write({ "site-a.json": "" });
    assert.match((await fixTornFiles(`file://${root}`, "isthmus")).join("\n"), /npm run state -- restore/);
    assert.equal(readFileSync(join(stacks, "site-a.json"), "utf8"), "");
  });

  it("loses nothing where the state and its copy are both cut off", async () => {
    write({ "site-a.json": '{"a":', "site-a.json.bak": '{"a' });
    const told = await fixTornFiles(`file://${root}`, "isthmus");
    assert.match(told.join("\n"), /site-a\.json is cut off, and so is the copy beside it/);
    assert.doesNotMatch(told.join("\n"), /whole/);
    assert.equal(readFileSync(join(stacks, "site-a.json"), "utf8"), '{"a":');
    assert.equal(readFileSync(join(stacks, "site-a.json.bak.torn"), "utf8"), '{"a');
  });

  it("is not touched where it is another project's", async () => {
    const other = join(root, ".pulumi/stacks/shop");
    mkdirSync(other);
    for (const name of ["live.json.bak", "live.json.attrs"]) writeFileSync(join(other, name), "");
    assert.deepEqual(await fixTornFiles(`file://${root}`, "isthmus"), []);
    assert.deepEqual(readdirSync(other).sort(), ["live.json.attrs", "live.json.bak"]);
  });

  it("is left alone where nothing is torn, and so is a backend that is not of files", async () => {
    write({ "site-a.json": "{}" });
    assert.deepEqual(await fixTornFiles(`file://${root}?metadata=skip`, "isthmus"), []);
    assert.deepEqual(await fixTornFiles("s3://bucket", "isthmus"), []);
  });
});
