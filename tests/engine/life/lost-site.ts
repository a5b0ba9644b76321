/** Site A and its disks are gone. What is left is git, the backend and the passphrase, and site B. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { must, type Run } from "../../kits/engine/harness.ts";
import { summary, type TwoSites } from "../../kits/fleets/two-sites.ts";

export function lostSite(sites: () => TwoSites): void {
  let computer: Readonly<Record<string, string>>;

  const upOfB = async (): Promise<Run> => must(await sites().b.up({ env: computer, args: ["--expect-no-changes"] }));
  const stateOfA = (): string => {
    const { backend } = sites().fleet;
    const found = readdirSync(backend, { recursive: true, encoding: "utf8" }).find((file) =>
      /stacks\/isthmus\/site-a\.json$/.test(file),
    );
    assert.ok(found);
    return join(backend, found);
  };
  /** B's `up` with another text in the place of A's state. */
  const withStateOfA = async (change: (text: string) => string): Promise<Run> => {
    const file = stateOfA();
    const before = readFileSync(file, "utf8");
    writeFileSync(file, change(before));
    try {
      return await upOfB();
    } finally {
      writeFileSync(file, before);
    }
  };

  it("on a new computer B previews and goes up, unchanged", async () => {
    const { b, fleet } = sites();
    computer = sites().newComputer();
    for (const thing of fleet.store.list().filter(({ urn }) => urn.startsWith("urn:pulumi:site-a::"))) {
      fleet.store.remove(thing.key);
    }
    assert.deepEqual(sites().thingsOf("site-a"), []);
    assert.deepEqual(summary(must(await b.preview({ env: computer, args: ["--expect-no-changes"] }))), []);
    await upOfB();
  });

  it("where A's state cannot be read, B keeps the last good values", async () => {
    const run = await withStateOfA(() => "{");
    assert.match(run.stdout, /site-a: unreadable/);
  });

  it("where A speaks another version, too", async () => {
    const run = await withStateOfA(inAnotherVersion);
    assert.match(run.stdout, /site-a: other version, its outputs have version 99/);
  });

  it("and where A's stack is not there any more", async () => {
    const { fleet, a } = sites();
    const kept = await fleet.pulumi(["stack", "export", "--stack", a.name]);
    must(await fleet.pulumi(["stack", "rm", "--yes", "--force", "--preserve-config", "--stack", a.name]));
    const run = await upOfB();
    assert.match(run.stdout, /site-a: absent/);
    assert.deepEqual(((await sites().b.outputs()) as { pendingLinks: unknown }).pendingLinks, []);
    const file = join(fleet.program, "a.json");
    writeFileSync(file, must(kept).stdout);
    must(await fleet.pulumi(["stack", "init", a.name, "--secrets-provider", "passphrase"]));
    must(await fleet.pulumi(["stack", "import", "--stack", a.name, "--file", file]));
  });

  it("A is built again from its files, and B does not change for it", async () => {
    const { a } = sites();
    must(await a.refresh());
    must(await a.up());
    assert.ok(sites().thingsOf("site-a").length > 50);
    assert.deepEqual([...sites().fleet.store.duplicates().keys()], []);
    await upOfB();
  });
}

interface BackendFile {
  readonly checkpoint: {
    readonly latest: { readonly resources: readonly { readonly type: string; readonly outputs?: unknown }[] };
  };
}

/** The state's text with outputs as a later program would write them. */
function inAnotherVersion(text: string): string {
  const file = JSON.parse(text) as BackendFile;
  const stack = file.checkpoint.latest.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const { exports } = stack?.outputs as { exports: { version: number } };
  assert.equal(exports.version, 1);
  exports.version = 99;
  return JSON.stringify(file);
}
