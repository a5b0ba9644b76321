import { spawn } from "node:child_process";
import type { Measured } from "./measure.ts";

/** One process: what it says of the section it measured, and what the operating system says of the whole. */
export interface Run {
  readonly section: Measured;
  readonly whole: { readonly wallMs: number; readonly cpuMs: number; readonly peakMiB: number };
}

/** Reports what the whole process used, on a pipe of its own, when it ends. */
const reporter = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMiB: maxRSS / 1024 }));
  });`)}`;

/** Runs a TypeScript program with Node.js and measures it. Fails with its error output where it fails. */
export async function runTypeScript(args: readonly string[]): Promise<Run> {
  return runMeasured(["--import", "tsx", ...args]);
}

/** Runs Node.js and measures it. Fails with its error output where it fails. */
export async function runMeasured(args: readonly string[]): Promise<Run> {
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", reporter, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, stdout, stderr, usage] = await Promise.all([
    new Promise<void>((resolve) =>
      child.once("close", () => {
        resolve();
      }),
    ),
    ...child.stdio.slice(1).map((stream) => textOf(stream as NodeJS.ReadableStream)),
  ]);
  const wallMs = performance.now() - start;
  if (child.exitCode !== 0)
    throw new Error(`${args.join(" ")} ended with ${child.exitCode ?? "a signal"}:\n${stderr ?? ""}`);
  const whole = { wallMs, ...(JSON.parse(usage ?? "") as { cpuMs: number; peakMiB: number }) };
  return { section: sectionOf(stdout ?? ""), whole };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

/** Programs that measure no section print other things. */
function sectionOf(stdout: string): Measured {
  if (!stdout.startsWith('{"ms":')) return { ms: 0, cpuMs: 0, resources: 0 };
  return JSON.parse(stdout) as Measured;
}
