import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

import { run, until } from "./command.ts";
import { Host } from "./host.ts";
import { newKey } from "./keys.ts";
import { Network, removeNetwork } from "./network.ts";

const ROOT = "/run/isthmus-hosts";
const FIRST_INDEX = 11;

/** Some hosts on one network, made for one test and removed after it. */
export interface Lab {
  readonly hosts: readonly Host[];
  readonly network: Network;
  /** The host of this name. */
  host(name: string): Host;
  /** Ends all hosts and removes every mount, namespace and file of theirs. */
  destroy(): Promise<void>;
}

/** A file of this machine that all hosts of a lab have on their disks from the start, also after a wipe. */
export interface SharedFile {
  readonly from: string;
  readonly to: string;
  readonly mode?: number;
}

/** A network and a folder in memory that nobody else has, for a lab. */
export interface Place {
  readonly network: Network;
  readonly folder: string;
  remove(): Promise<void>;
}

/** Claims a place, with no network there yet. Leftovers of runs that were killed are removed first. */
export async function claimPlace(): Promise<Place> {
  const number = await alone(async () => {
    await removeAbandoned();
    return await claimNumber();
  });
  return {
    network: new Network(number),
    folder: labFolder(number),
    async remove() {
      await removeLab(number);
    },
  };
}

/** Makes and switches on a host for each name. */
export async function createLab(names: readonly string[], files: readonly SharedFile[] = []): Promise<Lab> {
  const {
    network: { number },
    folder,
  } = await claimPlace();
  try {
    return await build({ number, folder, names, files });
  } catch (error) {
    await removeLab(number);
    throw error;
  }
}

interface Blueprint {
  readonly number: number;
  readonly folder: string;
  readonly names: readonly string[];
  readonly files: readonly SharedFile[];
}

async function build({ number, folder, names, files }: Blueprint): Promise<Lab> {
  mkdirSync(join(folder, "base"));
  await run("/usr/bin/python3", [
    join(import.meta.dirname, "prepare-base.py"),
    join(folder, "base"),
    import.meta.dirname,
  ]);
  for (const { from, to, mode = 0o644 } of files) {
    const target = join(folder, "base", to);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(from, target);
    chmodSync(target, mode);
  }
  const network = new Network(number);
  await network.create();
  const clientKey = newKey();
  const lines = names.map((name, position) => `${network.address(FIRST_INDEX + position)} ${name}`);
  const hostsFile = lines.map((line) => `${line}\n`).join("");
  const hosts = names.map(
    (name, position) => new Host({ name, index: FIRST_INDEX + position, lab: folder, network, clientKey, hostsFile }),
  );
  for (const host of hosts) host.format();
  await Promise.all(
    hosts.map(async (host) => {
      await host.powerOn();
    }),
  );
  return {
    hosts,
    network,
    host(name) {
      const found = hosts.find((host) => host.name === name);
      if (found === undefined) throw new Error(`No host ${name} in this lab; there are ${names.join(", ")}`);
      return found;
    },
    async destroy() {
      await Promise.all(
        hosts.map(async (host) => {
          await host.powerOff();
        }),
      );
      await removeLab(number);
    },
  };
}

// --- what is left of a run that was killed ---------------------------------------------------------------------------

function labFolder(number: number): string {
  return join(ROOT, String(number));
}

/**
 * Runs as the only one on this machine who makes a lab or removes what others left: a lab that is half made looks like one
 * that was abandoned. The kernel takes the lock from who dies.
 */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(ROOT, { recursive: true });
  const holder = spawn("flock", [join(ROOT, "lock"), "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(holder, "exit");
  try {
    holder.stdin.write("held\n");
    if ((await Promise.race([once(holder.stdout, "data"), ended])).length !== 1) throw new Error("flock failed");
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

/** Two runs at a time get two numbers, and so two networks. */
async function claimNumber(): Promise<number> {
  const number = Array.from({ length: 250 }, (_, at) => at).find((at) => !existsSync(labFolder(at)));
  if (number === undefined) throw new Error(`250 labs run at once: remove what is left of them in ${ROOT}`);
  const folder = labFolder(number);
  mkdirSync(folder);
  await run("mount", ["-t", "tmpfs", "-o", "mode=700,size=80%", "isthmus-hosts", folder]);
  writeOwner(folder);
  return number;
}

/** A process id alone may be somebody else's by now: its start time tells. */
function writeOwner(folder: string): void {
  writeFileSync(join(folder, "owner"), `${String(process.pid)} ${startTime(process.pid) ?? ""}`);
}

function startTime(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, "utf8")
      .split(") ")
      .at(-1)
      ?.split(" ")[19];
  } catch {
    return undefined;
  }
}

function ownerLives(folder: string): boolean {
  const file = join(folder, "owner");
  if (!existsSync(file)) return false;
  const [pid = "", started = ""] = readFileSync(file, "utf8").split(" ");
  return startTime(Number(pid)) === started;
}

/** Removes the labs whose test process is gone. */
export async function removeLeftovers(): Promise<void> {
  await alone(removeAbandoned);
}

async function removeAbandoned(): Promise<void> {
  for (const entry of readdirSync(ROOT)) {
    const number = Number(entry);
    if (Number.isInteger(number) && !ownerLives(labFolder(number))) await removeLab(number);
  }
}

async function removeLab(number: number): Promise<void> {
  const folder = labFolder(number);
  const hosts = join(folder, "hosts");
  for (const name of existsSync(hosts) ? readdirSync(hosts) : []) {
    const file = join(hosts, name, "pid");
    if (existsSync(file)) await killHost(Number(readFileSync(file, "utf8")), hosts);
  }
  await removeNetwork(number);
  await run("umount", ["-l", folder]).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}

/** Kills PID 1 of a host, if that process still is one: its root file system is an overlay of this lab. */
async function killHost(pid: number, hosts: string): Promise<void> {
  const mounts = `/proc/${String(pid)}/mountinfo`;
  if (!existsSync(mounts) || !readFileSync(mounts, "utf8").includes(`upperdir=${hosts}/`)) return;
  process.kill(pid, "SIGKILL");
  await until(`process ${String(pid)} is gone`, () => startTime(pid) === undefined, { everyMs: 10 });
}
