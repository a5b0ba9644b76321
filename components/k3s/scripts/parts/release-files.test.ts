import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scripts = import.meta.dirname;
const preamble = join(import.meta.dirname, "../../../remote/scripts/preamble.sh");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const files = {
  k3s: "for amd64",
  "k3s-arm64": "for arm64",
  "install.sh": "installer",
  "k3s-airgap-images-amd64.tar.zst": "images for amd64",
  "k3s-airgap-images-arm64.tar.zst": "images for arm64",
  "kube-vip.tar": "kube-vip for arm64",
} as const;

describe("the files of a release, on a node", () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-release-"));
  const source = join(folder, "source");
  before(() => {
    mkdirSync(source);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(source, name), content);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a node of this machine name gets, and what it says, where `changed` are declared in place of the right sums. */
  function staged(machine: string, changed: Readonly<Record<string, string>> = {}) {
    const record = mkdtempSync(join(folder, "node-"));
    const sum = (name: keyof typeof files): string => changed[name] ?? sha256(files[name]);
    const script = `set -- ; ISTHMUS_HOST=node ISTHMUS_SECRETS=()
. ${preamble}
RECORD=${record} K3S_DATA=${record}/k3s K3S_ETC=${record}/etc UNIT=no-such-unit SOURCE=${source} SOURCE_CA=''
. ${join(scripts, "release.sh")}
. ${join(scripts, "node.sh")}
uname() { echo ${machine}; }
ARCHITECTURES=(amd64 arm64) BINARY_SHA256=(${sum("k3s")} ${sum("k3s-arm64")})
INSTALLER=${source}/install.sh INSTALLER_SHA256=${sum("install.sh")}
ARCHIVE_ARCHITECTURES=(amd64 arm64 arm64) ARCHIVES=(k3s-airgap-images-{amd64,arm64}.tar.zst kube-vip.tar)
ARCHIVE_SHA256=(${sum("k3s-airgap-images-amd64.tar.zst")} ${sum("k3s-airgap-images-arm64.tar.zst")} ${sum("kube-vip.tar")})
stage_release`;
    const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8", input: "" });
    const shasum = spawnSync("bash", ["-c", "cd release && sha256sum *"], { cwd: record, encoding: "utf8" });
    return { status, said: stderr, sums: shasum.stdout, touched: readdirSync(record) };
  }

  for (const [machine, binary, archives] of [
    ["x86_64", "k3s", ["k3s-airgap-images-amd64.tar.zst"]],
    ["aarch64", "k3s-arm64", ["k3s-airgap-images-arm64.tar.zst", "kube-vip.tar"]],
  ] as const) {
    it(`are those of ${machine} on ${machine}`, () => {
      const { status, said, sums, touched } = staged(machine);
      assert.equal(status, 0, said);
      const rest = ["install.sh", ...archives] as const;
      const expected = [`${sha256(files[binary])}  k3s`, ...rest.map((name) => `${sha256(files[name])}  ${name}`)];
      assert.deepEqual(sums.trim().split("\n").sort(), expected.sort());
      assert.deepEqual(touched, ["release"]);
    });
  }

  it("are refused one by one where they are not what was declared, with what was found, and are not kept", () => {
    for (const name of ["k3s-arm64", "k3s-airgap-images-arm64.tar.zst", "kube-vip.tar", "install.sh"] as const) {
      const { status, said, sums, touched } = staged("aarch64", { [name]: "0".repeat(64) });
      assert.equal(status, 1);
      assert.ok(
        said.includes(`${source}/${name} has the SHA-256 ${sha256(files[name])}, and ${"0".repeat(64)} is`),
        said,
      );
      assert.match(said, /to fix: if the file is the right one, correct its checksum in the stack file/);
      assert.ok(!sums.includes(sha256(files[name])));
      assert.deepEqual(touched, ["release"]);
    }
  });

  it("are refused on a machine that no checksum is declared for", () => {
    const { status, said } = staged("riscv64");
    assert.equal(status, 1);
    assert.match(said, /because: no checksum is declared for riscv64, which this host is/);
  });
});
