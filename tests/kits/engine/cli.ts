/** Where the real engine is, and one run of it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";

import { parseEvents, type Events } from "./events.ts";
import { endTree } from "./processes.ts";

const HOW_TO_GET_IT =
  "no `pulumi` on PATH, so the engine tests cannot run. Install the Pulumi CLI (https://www.pulumi.com/docs/install/) and put it on PATH.";

export interface Run extends Events {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly killed: boolean;
  readonly milliseconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The commands that change or plan can write down their events. */
  readonly events: boolean;
  readonly timeoutMilliseconds: number;
  /** Resolves when the run has to die as in a power cut: the engine and all that it started, by SIGKILL. */
  readonly killWhen?: (ended: AbortSignal) => Promise<void>;
}

/** The folder of the `pulumi` on PATH. */
function pulumiFolder(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.find((folder) => folder !== "" && existsSync(join(folder, "pulumi")));
}

export function requirePulumi(): string {
  const folder = pulumiFolder();
  if (folder === undefined) throw new Error(HOW_TO_GET_IT);
  return folder;
}

/** How to get the engine, where there is none. */
export function pulumiIsMissing(): readonly string[] {
  return pulumiFolder() === undefined ? [HOW_TO_GET_IT] : [];
}

/** For `before(needsPulumi)`: skips with the way to get it; where `CI=true`, a test that cannot run is a failure. */
export function needsPulumi(this: Mocha.Context): void {
  if (pulumiFolder() !== undefined) return;
  if (process.env["CI"] === "true") throw new Error(HOW_TO_GET_IT);
  console.warn(`skipped: ${HOW_TO_GET_IT}`);
  this.skip();
}

/** Does not throw where the engine fails: the exit code says so. */
export async function runPulumi(options: RunOptions): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-events-"));
  const eventLog = join(folder, "events.jsonl");
  const args = [
    ...options.args,
    "--non-interactive",
    "--color",
    "never",
    ...(options.events ? ["--event-log", eventLog] : []),
  ];
  const started = performance.now();
  const child = execa("pulumi", args, {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  const killed = await watch(child, options);
  const result = await child;
  const events = parseEvents(options.events && existsSync(eventLog) ? readFileSync(eventLog, "utf8") : "");
  rmSync(folder, { recursive: true });
  return {
    ...events,
    command: `pulumi ${options.args.join(" ")}`,
    exitCode: result.exitCode,
    killed,
    milliseconds: Math.round(performance.now() - started),
    stdout: result.stdout,
    stderr: result.stderr,
  };
}

/** What is needed of a running process. */
type Child = PromiseLike<unknown> & { readonly pid?: number | undefined };

/** True where it was killed on purpose. A run that outlives its time is killed too, and is an error. */
async function watch(child: Child, options: RunOptions): Promise<boolean> {
  const ended = new AbortController();
  const over = Promise.resolve(child)
    .then(() => "over" as const)
    .finally(() => {
      ended.abort();
    });
  const clock = setTimeout(() => {
    endTree(child.pid);
  }, options.timeoutMilliseconds);
  const due = options.killWhen?.(ended.signal).then(() => "due" as const);
  const first = await (due === undefined ? over : Promise.race([over, due]));
  if (first === "due") endTree(child.pid);
  await over;
  clearTimeout(clock);
  return first === "due";
}
