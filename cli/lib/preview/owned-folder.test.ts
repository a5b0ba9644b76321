import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@isthmus/core";
import { fillFolders, markerFile } from "./owned-folder.ts";

describe("a folder that preview writes", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "isthmus-out-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const at = (...path: readonly string[]): string => join(root, ...path);
  const fill = (site: string, files: Readonly<Record<string, string>>): void => {
    fillFolders([{ folder: at(site), files: new Map(Object.entries(files)) }]);
  };
  const filesIn = (site: string): readonly string[] =>
    readdirSync(at(site), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && entry.name !== markerFile)
      .map((entry) => join(entry.parentPath, entry.name).slice(at(site).length + 1))
      .sort();
  /** All below the root, with what it holds: to see that nothing was touched. */
  const everything = (): readonly string[] =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => `${path} ${existsSync(path) && !path.endsWith("/") ? contentOf(path) : ""}`);
  const contentOf = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  };
  const refuses = (work: () => void, ...words: readonly RegExp[]): void => {
    const before = everything();
    assert.throws(work, (error: unknown) => {
      assert.ok(error instanceof UserError);
      for (const word of words) assert.match(error.message, word);
      return true;
    });
    assert.deepEqual(everything(), before);
  };

  it("holds what was written last, without what was written before", () => {
    fill("site-a", { "releases/vault/values.yaml": "1", "dns/zone": "1" });
    fill("site-a", { "dns/zone": "2", "policy.sarif": "2" });
    assert.deepEqual(filesIn("site-a"), ["dns/zone", "policy.sarif"]);
    assert.equal(readFileSync(at("site-a/dns/zone"), "utf8"), "2");
    assert.equal(existsSync(at("site-a/releases")), false);
  });

  it("is refused where it has no mark and is not empty, whatever is in it: /home of a site named home", () => {
    mkdirSync(at("home/person/photos"), { recursive: true });
    writeFileSync(at("home/person/photos/1.jpg"), "a photo");
    refuses(
      () => {
        fill("home", { "dns/zone": "1" });
      },
      /\/home was not written by preview, and it is not empty/,
      /another folder after --out/,
    );
  });

  it("is looked at before any other is touched", () => {
    fill("site-a", { old: "1" });
    mkdirSync(at("site-b"));
    writeFileSync(at("site-b/thesis.tex"), "three years");
    const files = new Map([["new", "2"]]);
    refuses(
      () => {
        fillFolders([
          { folder: at("site-a"), files },
          { folder: at("site-b"), files },
        ]);
      },
      /\/site-b was not written/,
      /Nothing was written/,
    );
  });

  it("may be empty, and keeps what others put there", () => {
    mkdirSync(at("site-a"));
    fill("site-a", { "dns/zone": "1" });
    writeFileSync(at("site-a/dns/notes"), "mine");
    fill("site-a", { "policy.sarif": "2" });
    assert.deepEqual(filesIn("site-a"), ["dns/notes", "policy.sarif"]);
  });

  it("is refused where something of somebody else's has the place of a file or folder of ours", () => {
    fill("site-a", { one: "1" });
    writeFileSync(at("site-a/two"), "mine");
    refuses(() => {
      fill("site-a", { two: "2" });
    }, /\/site-a\/two is in the way/);
    refuses(() => {
      fill("site-a", { "two/three": "2" });
    }, /\/site-a\/two is no folder/);
  });

  it("may have a file where it had a folder, and the other way round, if all of it is ours", () => {
    fill("site-a", { "a/b": "1", c: "1" });
    fill("site-a", { a: "2", "c/d": "2" });
    assert.deepEqual(filesIn("site-a"), ["a", "c/d"]);
    writeFileSync(at("site-a/c/mine"), "mine");
    refuses(() => {
      fill("site-a", { c: "3" });
    }, /\/site-a\/c is in the way/);
  });

  it("is not followed through links: neither the folder, nor one in it, nor a file", () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/zone"), "mine");
    symlinkSync(at("elsewhere"), at("site-a"));
    refuses(() => {
      fill("site-a", { zone: "1" });
    }, /\/site-a is no folder/);
    rmSync(at("site-a"));
    fill("site-a", { "dns/zone": "1" });
    rmSync(at("site-a/dns"), { recursive: true });
    symlinkSync(at("elsewhere"), at("site-a/dns"));
    refuses(() => {
      fill("site-a", { "dns/zone": "2" });
    }, /\/site-a\/dns is no folder, but a file or a link/);
    refuses(() => {
      fill("site-a", { other: "2" });
    }, /\/site-a\/dns is no folder/);
    rmSync(at("site-a/dns"));
    mkdirSync(at("site-a/dns"));
    symlinkSync(at("elsewhere/zone"), at("site-a/dns/zone"));
    fill("site-a", { "dns/zone": "3" });
    assert.equal(readFileSync(at("elsewhere/zone"), "utf8"), "mine");
    assert.equal(readFileSync(at("site-a/dns/zone"), "utf8"), "3");
  });

  for (const path of ["../thesis.tex", "/etc/passwd", "a/../../thesis.tex", "..", "", "a//b", "./a", "a/"]) {
    it(`is not believed by a mark that names ${JSON.stringify(path)}`, () => {
      mkdirSync(at("site-a"));
      writeFileSync(at("thesis.tex"), "three years");
      const mark = { writtenBy: "isthmus preview --out", files: [path] };
      writeFileSync(at("site-a", markerFile), JSON.stringify(mark));
      refuses(() => {
        fill("site-a", { new: "1" });
      }, /has no valid/);
    });
  }

  it("is refused with a mark that is a link or no JSON", () => {
    fill("other", { one: "1" });
    mkdirSync(at("site-a"));
    symlinkSync(at("other", markerFile), at("site-a", markerFile));
    refuses(() => {
      fill("site-a", { new: "1" });
    }, /has no valid/);
    rmSync(at("site-a", markerFile));
    writeFileSync(at("site-a", markerFile), "{");
    refuses(() => {
      fill("site-a", { new: "1" });
    }, /has no valid/);
  });

  it("that cannot be written is named, without a stack trace", () => {
    writeFileSync(at("file"), "");
    assert.throws(
      () => {
        fill("file/site-a", { one: "1" });
      },
      (error: unknown) => error instanceof UserError && /file\/site-a could not be written/.test(error.message),
    );
  });
});
