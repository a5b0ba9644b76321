import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { stringify } from "yaml";

import { run } from "../lab/command.ts";
import type { SharedFile } from "../lab/lab.ts";

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
  const folder = import.meta.dirname;
  const binary = join(mkdtempSync(join(tmpdir(), "isthmus-k3s-")), "k3s");
  await run("/usr/bin/python3", [join(folder, "build.py"), binary, version]);
  return describeK3s({ real: false, version, binary, installer: join(folder, "install.sh"), config: {} });
}

/** Whether a real k3s is under test: K3S_BIN names it. */
export const real = process.env["K3S_BIN"] !== undefined;

/** By how much longer a real k3s takes, and so what waits for it. */
export const patience = real ? 5 : 1;

/** The real k3s that K3S_BIN names, with its installer in K3S_INSTALLER; the stand-in where they are unset. */
export async function k3sUnderTest(): Promise<K3s> {
  const binary = process.env["K3S_BIN"];
  return binary === undefined ? await standIn() : await realK3s(binary);
}

/**
 * The versions that scenarios have: stand-ins, or the real k3s that K3S_BIN names and, if there is one, the later one of
 * K3S_NEXT_BIN.
 */
export async function k3sVersions(versions: readonly string[]): Promise<readonly K3s[]> {
  const binaries = [process.env["K3S_BIN"], process.env["K3S_NEXT_BIN"]].filter((path) => path !== undefined);
  return await Promise.all(real ? binaries.map(realK3s) : versions.map(standIn));
}

async function realK3s(binary: string): Promise<K3s> {
  const installer = process.env["K3S_INSTALLER"];
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

/** For `createLab`: what a k3s needs in a network namespace, on every disk from the start, beside any configuration. Written into the folder. */
export function dropIn({ config }: K3s, folder: string): readonly SharedFile[] {
  const keys = Object.entries(config);
  if (keys.length === 0) return [];
  const added = keys.map(([key, value]) => [Array.isArray(value) ? `${key}+` : key, value]);
  const from = join(folder, "90-test-host.yaml");
  writeFileSync(from, stringify(Object.fromEntries(added)));
  return [{ from, to: "/etc/rancher/k3s/config.yaml.d/90-test-host.yaml" }];
}

/** How long things take in the stand-in, in seconds, by variables of its service; see README.md. A real k3s goes its own pace. */
export type Pace = Readonly<Record<`K3S_STANDIN_${string}`, number>>;

/** For `createLab`: every k3s at that pace from the start. Written into the folder. */
export function paced(pace: Pace, folder: string): readonly SharedFile[] {
  const from = join(folder, "pace");
  writeFileSync(
    from,
    Object.entries(pace)
      .map(([name, seconds]) => `${name}=${seconds}\n`)
      .join(""),
  );
  return ["/etc/default/k3s", "/etc/default/k3s-agent"].map((to) => ({ from, to }));
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
