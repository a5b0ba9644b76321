import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mirrorFrom, stackFolder } from "./stack-folder.ts";

describe("the folder of the stack files under the engine", () => {
  const root = mkdtempSync(join(tmpdir(), "isthmus-folder-"));
  const [own, link, other] = [join(root, "own"), join(root, "link"), join(root, "other")];
  before(() => {
    mkdirSync(own);
    mkdirSync(other);
    symlinkSync(own, link);
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  it("is that of Pulumi.yaml, which is also the one that the commands read", () => {
    for (const configured of [undefined, "", own, link]) assert.equal(stackFolder(own, configured), own);
  });

  it("is refused where the commands would read another one", () => {
    assert.throws(() => stackFolder(own, other), {
      name: "UserError",
      message: `ISTHMUS_CONFIG is "${other}", and this run reads the stack files of ${own}. Start it there (pulumi -C ${other} …), or unset ISTHMUS_CONFIG. Nothing was changed.`,
    });
    assert.throws(() => stackFolder(own, join(root, "gone")), /ISTHMUS_CONFIG is/);
  });

  it("is what a folder of charts is meant from", () => {
    assert.equal(mirrorFrom("./charts", own, own), "./charts");
    assert.equal(mirrorFrom("./charts", own, other), "../own/charts");
    assert.equal(mirrorFrom("./charts", own, root), "./own/charts");
    for (const mirror of [undefined, "/srv/charts", "oci://registry/charts"])
      assert.equal(mirrorFrom(mirror, own, other), mirror);
  });
});
