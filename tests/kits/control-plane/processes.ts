import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Programs that live in a folder of their own. They end with this process, however it ends, and the folder goes with them. */
export class Programs {
  readonly folder = mkdtempSync(join(tmpdir(), "control-plane-"));
  private readonly children = new Map<string, ChildProcess>();
  private readonly sweeper = sweep(this.folder);

  /** Starts a program; what it says is kept in the folder. */
  start(name: string, file: string, args: readonly string[]): void {
    const log = openSync(this.logOf(name), "a");
    // The kernel kills it with the thread that started it: Node.js' first, which ends last.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", file, ...args], {
      stdio: ["ignore", log, log],
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, LANG: "C.UTF-8" },
    });
    closeSync(log);
    this.children.set(name, child);
  }

  /** Ends a program. */
  async end(name: string): Promise<void> {
    const child = this.children.get(name);
    this.children.delete(name);
    if (child !== undefined) await ended(child);
  }

  /** Fails where a program has ended, with the end of what it said. */
  check(): void {
    for (const [name, { exitCode, signalCode }] of this.children) {
      if (exitCode !== null || signalCode !== null)
        throw new Error(`${name} has ended:\n${this.said(name).slice(-2000)}`);
    }
  }

  /** All that a program said so far. */
  said(name: string): string {
    return readFileSync(this.logOf(name), "utf8");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.children.values()].map(ended));
    this.sweeper.ref();
    await ended(this.sweeper);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private logOf(name: string): string {
    return join(this.folder, `${name}.log`);
  }
}

/** Waits for the end of this process, which closes the pipe: then nobody else removes the folder. */
function sweep(folder: string): ChildProcess {
  const script = 'trap "" INT TERM HUP; cat >/dev/null; sleep 1; rm -rf -- "$1"';
  const child = spawn("sh", ["-c", script, "sh", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await end;
}
