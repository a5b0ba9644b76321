import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A program that runs while a test does. */
export interface Running {
  /** What it said so far, on both of its outputs. */
  said(): string;
  /** Whether it has ended. */
  ended(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Waits until it has ended. */
  stop(name?: NodeJS.Signals): Promise<void>;
}

/** Nobody's numbers in Debian. */
const nobody = { user: 65_534, group: 65_534 } as const;
const isRoot = process.getuid?.() === 0;

/** A program with its arguments, as nobody where this process is root; it dies with this process. */
export function asNobody(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  const drop = isRoot
    ? ["--reuid", String(nobody.user), "--regid", String(nobody.group), "--clear-groups", "--no-new-privs"]
    : [];
  return ["setpriv", [...drop, "--pdeathsig", "KILL", "--", program, ...args]];
}

/** Starts a program as nobody. */
export function start(program: string, args: readonly string[], folder?: string): Running {
  const [command, rest] = asNobody(program, args);
  const child = spawn(command, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: folder ?? tmpdir(), LANG: "C.UTF-8" },
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  return watched(child);
}

function watched(child: ChildProcess): Running {
  let text = "";
  const hear = (part: Buffer): void => {
    text += part.toString();
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  let over = false;
  const end = new Promise<void>((resolve) => {
    child.once("exit", () => {
      over = true;
      resolve();
    });
  });
  return {
    said: () => text,
    ended: () => over,
    signal: (name) => void child.kill(name),
    async stop(name = "SIGTERM") {
      if (!over) child.kill(name);
      await end;
    },
  };
}

/** A folder that a program which {@link start} started may write to. */
export function workFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `services-${name}-`));
  give(path);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Makes a file or folder that of whom programs run as. */
export function give(path: string): void {
  if (isRoot) chownSync(path, nobody.user, nobody.group);
}

/** The same for all that is below. */
export function giveAll(path: string): void {
  if (isRoot) execFileSync("chown", ["-R", `${nobody.user}:${nobody.group}`, path]);
}

/** A TCP port of this machine that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
