import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { run } from "../machine/command.ts";
import type { SharedFile } from "../machine/lab.ts";

/** A k3s to put on hosts: one executable file, its installer, and what such hosts need in its configuration. */
export interface K3s {
  readonly real: boolean;
  readonly version: string;
  readonly binary: string;
  readonly installer: string;
  readonly binarySha256: string;
  readonly installerSha256: string;
  /** Keys for config.yaml without which it does not run in a network namespace. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const STANDIN_VERSION = "v1.33.5+k3s1";

/** Builds the stand-in, saying of itself that it is `version`. */
export async function standIn(version = STANDIN_VERSION): Promise<K3s> {
  const folder = join(import.meta.dirname, "k3s");
  const binary = join(mkdtempSync(join(tmpdir(), "isthmus-k3s-")), "k3s");
  await run("/usr/bin/python3", [join(folder, "build.py"), binary, version]);
  return describeK3s({ real: false, version, binary, installer: join(folder, "install.sh"), config: {} });
}

/** The real k3s that K3S_BIN names, with its installer in K3S_INSTALLER; the stand-in where they are unset. */
export async function k3sUnderTest(): Promise<K3s> {
  const [binary, installer] = [process.env["K3S_BIN"], process.env["K3S_INSTALLER"]];
  if (binary === undefined) return await standIn();
  if (installer === undefined)
    throw new Error("K3S_BIN is set: set K3S_INSTALLER, too, to the install.sh of that version");
  const said = await run(binary, ["--version"]);
  const version = /^k3s version (\S+)/.exec(said)?.[1] ?? said;
  // A kubelet on cgroup v1 in a namespace, and containerd on an overlay, need these.
  const kubelet = ["fail-cgroupv1=false", "cgroups-per-qos=false", "enforce-node-allocatable="];
  return describeK3s({
    real: true,
    version,
    binary,
    installer,
    config: { "kubelet-arg": kubelet, snapshotter: "native" },
  });
}

function describeK3s(found: Omit<K3s, "binarySha256" | "installerSha256">): K3s {
  return { ...found, binarySha256: sha256(found.binary), installerSha256: sha256(found.installer) };
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The files of a k3s for `createLab`: at /srv/k3s/<version>/, as a mirror on the host's own disk would have them. */
export function mirror(k3s: K3s): readonly SharedFile[] {
  const folder = mirrorFolder(k3s);
  return [
    { from: k3s.binary, to: `${folder}/k3s`, mode: 0o755 },
    { from: k3s.installer, to: `${folder}/install.sh`, mode: 0o755 },
  ];
}

export function mirrorFolder(k3s: K3s): string {
  return `/srv/k3s/${k3s.version}`;
}
