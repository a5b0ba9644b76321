import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { digests } from "./digests.ts";

const project = join(import.meta.dirname, "../../..");

/** npm keeps its own sources; fixtures and tests state what is true in them alone; facts are what was rendered, with hashes of it. */
const exempt = /^(package-lock\.json$|config\/(fixtures|cases)\/|facts\/|tests\/|.*\.test\.ts$|.*\.gz$)/;
/** A link to a file of one commit is a source itself. */
const linked = /https:\/\/\S+?\/(blob|tree|commit)\/[0-9a-f]{40}/g;
/** What an empty file has, which anybody can work out. */
const ofNothing = createHash("sha256").update("").digest("hex");

function stated(text: string): readonly string[] {
  return (text.replaceAll(linked, "").match(/(?<![0-9a-zA-Z])[0-9a-f]{40,}(?![0-9a-zA-Z])/g) ?? []).filter((one) =>
    [40, 64, 128].includes(one.length),
  );
}

describe("checksums and digests", () => {
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: project, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && !exempt.test(file) && existsSync(join(project, file)));
  const found = files.flatMap((file) =>
    stated(readFileSync(join(project, file), "utf8")).map((digest) => ({ file, digest })),
  );

  it("stand nowhere without a source", () => {
    const known = new Set([ofNothing, ...digests.map(({ digest }) => digest)]);
    const unknown = found.filter(({ digest }) => !known.has(digest)).map(({ file, digest }) => `${file}: ${digest}`);
    assert.deepEqual(unknown, [], "add it to cli/lib/pins/digests.ts, with where it is from and how it was compared");
  });

  it("are found wherever they stand: in stack files, workflows and code", () => {
    for (const file of ["Pulumi.site-a.yaml", ".github/workflows/check.yml", "components/k3s/settings/pins.ts"]) {
      assert.ok(
        found.some((one) => one.file === file),
        file,
      );
    }
    assert.deepEqual(stated(`https://example.com/a/b/blob/${"3".repeat(40)}/c.go ${"4".repeat(40)}`), ["4".repeat(40)]);
    assert.deepEqual(stated(`uses: a/b@${"1".repeat(40)} # v1\nsum: sha512:${"2".repeat(128)}`), [
      "1".repeat(40),
      "2".repeat(128),
    ]);
  });

  it("have a source that can be asked, say how they were compared, and are still in use", () => {
    for (const { digest, of, source, compared } of digests) {
      assert.match(source, /^https:\/\/\S+$/, of);
      if (compared !== "never") {
        assert.match(compared.on, /^\d{4}-\d{2}-\d{2}$/, of);
        assert.ok(compared.how.length > 20, of);
      }
      assert.ok(
        found.some((one) => one.digest === digest && !one.file.startsWith("cli/lib/pins/")),
        `${of} stands nowhere`,
      );
    }
  });

  it("of actions are of the version that stands beside them", () => {
    const workflow = readFileSync(join(project, ".github/workflows/check.yml"), "utf8");
    const uses = [...workflow.matchAll(/uses: (\S+)@([0-9a-f]{40}) # (\S+)/g)];
    assert.equal(uses.length, [...workflow.matchAll(/uses:/g)].length, "an action without a commit and its version");
    for (const [, action = "", digest = "", version = ""] of uses) {
      assert.equal(digests.find((one) => one.digest === digest)?.of, `${action} ${version}`);
    }
  });
});
