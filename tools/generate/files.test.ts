import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "../../config/load.ts";
import { catalogue } from "../../plan/catalogue.ts";
import { planFleet } from "../../plan/fleet.ts";
import { generatedFiles, staleFiles } from "./files.ts";
import { withExcerpt } from "./readme.ts";

async function defaultFiles(): Promise<ReadonlyMap<string, string>> {
  const loaded = load(process.cwd(), catalogue);
  assert.ok("model" in loaded);
  return generatedFiles(planFleet(loaded.model));
}

describe("generated files", () => {
  let files: ReadonlyMap<string, string>;
  let root: string;

  before(async () => {
    files = await defaultFiles();
  });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "isthmus-generated-"));
    for (const [path, content] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("list every volume of a workload, with how many there are of each", () => {
    const row = (page: string, workload: string) =>
      files
        .get(`docs/reference/services/${page}.md`)
        ?.split("\n")
        .find((line) => line.startsWith(`| ${workload} `));
    assert.match(row("vault", "server") ?? "", /\| 5Gi: a server's Raft log and data<br>5Gi: a server's audit log \|/);
    assert.match(row("minio", "server") ?? "", /\| 2 × 100Gi: a drive of the erasure set/);
  });

  it("are fresh right after they were written, and the same from run to run", async () => {
    assert.deepEqual(staleFiles(root, files), []);
    assert.deepEqual([...(await defaultFiles())], [...files]);
  });

  it("are stale when edited, missing, or left over from a service that is gone", () => {
    writeFileSync(join(root, "docs/fleet.svg"), "<svg/>");
    rmSync(join(root, "schemas/preview.json"));
    writeFileSync(join(root, "docs/reference/services/gone.md"), files.get("docs/reference/services/vault.md") ?? "");
    assert.deepEqual(staleFiles(root, files).sort(), [
      "docs/fleet.svg",
      "docs/reference/services/gone.md",
      "schemas/preview.json",
    ]);
  });

  it("are nobody's own: a page that a person put beside them is neither stale nor left over", () => {
    writeFileSync(join(root, "docs/reference/services/notes.md"), "# What I think of these services\n");
    mkdirSync(join(root, "docs/reference/services/pictures"));
    assert.deepEqual(staleFiles(root, files), []);
  });

  it("show in the README what the preview prints", () => {
    const readme = files.get("README.md") ?? "";
    assert.match(readme, /```text\n✔ Stack files and mandatory policies are in order\.\n/);
    const shown = ["✔ Stack files", "What becomes of", "Down for a while", "Room"].join("\n\n");
    assert.throws(() => withExcerpt("no marks", shown), /lost its marks/);
    assert.throws(() => withExcerpt(readme, "another text"), /prints no block that begins with "✔/);
  });

  it("show every machine of the default stacks, with its address, and every service's arguments", () => {
    const picture = files.get("docs/fleet.svg") ?? "";
    for (const text of ["k3s-a-server-1", "10.0.20.10", "k3s-b-agent-3", "10.147.17.26", "ZeroTier 10.147.17.0/24"])
      assert.ok(picture.includes(text), text);
    for (const { name } of catalogue)
      assert.match(files.get(`docs/reference/services/${name}.md`) ?? "", /## Arguments/);
  });
});
