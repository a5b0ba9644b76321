/** What the engine makes of an explicit provider that gets another name or parent: docs/decisions/0011-what-releases-leave.md. */
import assert from "node:assert/strict";
import { join } from "node:path";

import { changed, disposing, Fleet, must, needsPulumi, type Stack } from "../kits/engine/harness.ts";

describe("an explicit provider", () => {
  let fleet: Fleet;
  let stack: Stack;
  const change = async (how: string): Promise<void> => stack.configure({ "moved:how": how });
  const planned = async (how: string): Promise<readonly string[]> => {
    await change(how);
    return changed(must(await stack.preview()).planned)
      .map(({ op, type, name }) => `${op} ${type} ${name}`)
      .sort();
  };

  before(needsPulumi);
  before(async () => {
    fleet = Fleet.create({ program: join(import.meta.dirname, "fixtures/moved-provider") });
    stack = fleet.stack("site-a");
    await stack.init();
    await change("as it was");
    must(await stack.up());
  });
  after(disposing(() => fleet));

  for (const how of ["another name", "another parent", "parent of another type"]) {
    it(`stays what it is with ${how}, if an alias says what was before`, async () => {
      assert.deepEqual(await planned(how), []);
    });
  }

  it("is another one without an alias: it is made and taken away, though what it made stays", async () => {
    const types = ["pulumi:providers:command", "pulumi:providers:kubernetes"] as const;
    assert.deepEqual(await planned("another name, without an alias"), [
      `create ${types[0]} scripts-renamed`,
      `create ${types[1]} kubernetes-renamed`,
      `delete ${types[0]} scripts`,
      `delete ${types[1]} kubernetes`,
    ]);
    assert.deepEqual(await planned("another parent, without an alias"), [
      `create ${types[0]} scripts`,
      `create ${types[1]} kubernetes`,
      `delete ${types[0]} scripts`,
      `delete ${types[1]} kubernetes`,
    ]);
  });

  it("keeps its id under another name, and what it made names it so from then on", async () => {
    const idOf = async (name: string): Promise<string | undefined> =>
      (await stack.export()).resources.find(({ urn }) => urn.endsWith(`::${name}`))?.id;
    const before = await idOf("kubernetes");
    assert.ok(before);
    await change("another name");
    assert.deepEqual(changed(must(await stack.up()).done), []);
    assert.equal(await idOf("kubernetes-renamed"), before);
    const namespace = (await stack.export()).resources.find(({ urn }) => urn.endsWith("::vault"));
    assert.match(namespace?.provider ?? "", new RegExp(`::kubernetes-renamed::${before}$`));
    must(await stack.up({ args: ["--expect-no-changes"] }));
  });
});
