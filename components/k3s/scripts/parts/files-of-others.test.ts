import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const part = (name: string): string => fileURLToPath(new URL(`./${name}.sh`, import.meta.url));

/** What a host has when its configuration is written; the first run writes `config.yaml`, too. */
class Host {
  readonly root = mkdtempSync(join(tmpdir(), "isthmus-files-"));
  readonly etc = join(this.root, "etc");
  readonly record = join(this.root, "record");

  constructor() {
    for (const folder of [this.etc, this.record]) mkdirSync(folder);
  }

  put(path: string, content = "of somebody else\n"): void {
    writeFileSync(join(this.root, path), content);
  }

  read(path: string): string | undefined {
    const file = join(this.root, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }

  /** As write_configuration does it; what was refused, or nothing. */
  write(registries: string, adopt = false): string {
    const code = `set -Eeuo pipefail
. ${part("answers")}
. ${part("common")}
. ${part("node")}
K3S_ETC=${this.etc} RECORD=${this.record} JOIN=${this.etc}/join ADOPT=${String(adopt)} UNIT=k3s-agent
REGISTRIES=$1 FILE_PATHS=("$K3S_ETC/config.yaml") FILE_MODES=(0600) FILE_CONTENTS=('node-name: one') FILE_RESTARTS=(true)
put() { printf %s "$3" >"$1"; }
fail() { printf '%s | %s\n' "$1" "$2"; exit 1; }
step() { :; }
refuse_lost_settings() { :; }
write_interface() { :; }
unit_active() { false; }
write_configuration digest`;
    const { stdout, stderr, status } = spawnSync("bash", ["-c", code, "host", registries], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(status, stdout === "" ? 0 : 1);
    return stdout;
  }
}

describe("files of k3s that others wrote", () => {
  let host: Host;
  beforeEach(() => {
    host = new Host();
  });
  afterEach(() => {
    rmSync(host.root, { recursive: true });
  });

  for (const name of ["config.yaml", "registries.yaml"]) {
    it(`${name} is refused by name on a host that is new to us, and stays`, () => {
      host.put(`etc/${name}`);
      for (const registries of ["", "mirrors: {}"])
        assert.match(host.write(registries), new RegExp(`^somebody else wrote ${host.etc}/${name},`));
      assert.equal(host.read(`etc/${name}`), "of somebody else\n");
      assert.equal(host.read("record/k3s.files"), undefined);
    });
  }

  it("are taken over in an adoption", () => {
    host.put("etc/config.yaml");
    host.put("etc/registries.yaml");
    assert.equal(host.write("", true), "");
    assert.equal(host.read("etc/config.yaml"), "node-name: one");
    assert.equal(host.read("etc/registries.yaml"), undefined);
  });

  it("registries.yaml is ours once it is declared: written over, and taken away with what it is for", () => {
    assert.equal(host.write("mirrors: {}"), "");
    assert.equal(host.write("mirrors: {b: {}}"), "");
    assert.equal(host.read("etc/registries.yaml"), "mirrors: {b: {}}");
    assert.equal(host.write(""), "");
    assert.equal(host.read("etc/registries.yaml"), undefined);
    host.put("etc/registries.yaml");
    assert.match(host.write(""), /registries\.yaml is here, and no registries are declared/);
    assert.equal(host.read("etc/registries.yaml"), "of somebody else\n");
  });

  it("config.yaml is ours on every host that an older release installed", () => {
    host.put("record/k3s.installer", "");
    host.put("etc/config.yaml");
    assert.equal(host.write(""), "");
    assert.equal(host.read("etc/config.yaml"), "node-name: one");
  });
});
