import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runMeasured, runTypeScript, type Run } from "./process.ts";
import { writeStackFiles } from "./stack-files.ts";

/** What a fleet of one size costs. Milliseconds are CPU time unless they say otherwise; the best of all rounds. */
export interface SizeResult {
  readonly nodes: number;
  readonly planMs: number;
  readonly planWallMs: number;
  readonly resources: number;
  readonly registerMs: number;
  readonly msPerResource: number;
  /** The same resources, registered by a flat program. */
  readonly bareMs: number;
  readonly ratioToBare: number;
  /** `npm run preview` of this fleet, from start to end. */
  readonly wholeWallMs: number;
  readonly wholeCpuMs: number;
  readonly peakMiB: number;
  /** Of the process that only registers them flat. */
  readonly barePeakMiB: number;
}

export interface BenchResult {
  readonly node: string;
  readonly cpus: number;
  /** A process that loads Pulumi's SDK and does nothing. */
  readonly floor: { readonly wallMs: number; readonly cpuMs: number; readonly peakMiB: number };
  /** Both sites of this project, from start to end. */
  readonly defaultStacks: { readonly wallMs: number; readonly cpuMs: number; readonly timesSdk: number };
  readonly sizes: readonly SizeResult[];
}

/** What a preview of the default stacks may take on two idle cores, and how often what loading the SDK takes. */
const target = { wallMs: 2000, timesSdk: 2 };

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface BenchOptions {
  /** Machines of each fleet. */
  readonly sizes: readonly number[];
  /** How often each is measured. */
  readonly rounds: number;
}

/** `config`: the folder of the stack files that fleets are made from. Measures each size `rounds` times, every time in fresh processes. */
export async function benchPreview(config: string, { sizes, rounds }: BenchOptions): Promise<BenchResult> {
  const floor = await best(rounds, () => runTypeScript([script("measure.ts"), "floor"]));
  const both = await best(rounds, () => previewOf(config));
  const results: SizeResult[] = [];
  for (const size of sizes) results.push(await benchSize(size, { config, rounds }));
  const { wallMs, cpuMs, peakMiB } = floor.whole;
  const defaultStacks = {
    wallMs: both.whole.wallMs,
    cpuMs: both.whole.cpuMs,
    timesSdk: both.whole.cpuMs / cpuMs,
  };
  const floorResult = { wallMs, cpuMs, peakMiB };
  return { node: process.version, cpus: cpus().length, floor: floorResult, defaultStacks, sizes: results };
}

/** `npm run preview`, without npm. */
function previewOf(folder: string): Promise<Run> {
  return runMeasured([script("../../cli/isthmus.js"), "preview", "--config", folder]);
}

async function benchSize(
  size: number,
  { config, rounds }: { readonly config: string; readonly rounds: number },
): Promise<SizeResult> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  try {
    const nodes = writeStackFiles(config, folder, size);
    const measure = (what: string): Promise<Run> => runTypeScript([script("measure.ts"), what, folder]);
    const plan = await best(rounds, () => measure("plan"));
    const register = await best(rounds, () => measure("preview"));
    const bare = await best(rounds, () => measure("bare"));
    const { whole } = await best(rounds, () => previewOf(folder));
    return {
      nodes,
      planMs: plan.section.cpuMs,
      planWallMs: plan.section.ms,
      resources: register.section.resources,
      registerMs: register.section.cpuMs,
      msPerResource: register.section.cpuMs / register.section.resources,
      bareMs: bare.section.cpuMs,
      ratioToBare: register.section.cpuMs / bare.section.cpuMs,
      wholeWallMs: whole.wallMs,
      wholeCpuMs: whole.cpuMs,
      peakMiB: whole.peakMiB,
      barePeakMiB: bare.whole.peakMiB,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The round that took the least CPU: others on the machine only ever add to it. */
async function best(rounds: number, run: () => Promise<Run>): Promise<Run> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round += 1) runs.push(await run());
  return runs.reduce((least, one) => (one.whole.cpuMs < least.whole.cpuMs ? one : least));
}

/** The result as a table for people. */
export function benchText({ node, cpus: cores, floor, defaultStacks, sizes }: BenchResult): string {
  const ms = (value: number): string => `${Math.round(value)}`;
  const rows = sizes.map((size) => [
    `${size.nodes}`,
    ms(size.planMs),
    `${size.resources}`,
    ms(size.registerMs),
    size.msPerResource.toFixed(2),
    size.ratioToBare.toFixed(2),
    `${ms(size.wholeWallMs)} (${ms(size.wholeCpuMs)})`,
    `${ms(size.peakMiB)} (${ms(size.barePeakMiB)})`,
  ]);
  const head = [
    "nodes",
    "plan ms",
    "resources",
    "register ms",
    "ms each",
    "to bare SDK",
    "preview ms (CPU)",
    "MiB (bare)",
  ];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ");
  return [
    `Node.js ${node}, ${cores} CPUs. Milliseconds of CPU, the best round; preview: from start to end.`,
    `Loading Pulumi's SDK alone: ${ms(floor.wallMs)} ms (${ms(floor.cpuMs)} CPU), ${ms(floor.peakMiB)} MiB.`,
    `Preview of the default stacks: ${ms(defaultStacks.wallMs)} ms (target ${target.wallMs}), ${ms(defaultStacks.cpuMs)} CPU: ${defaultStacks.timesSdk.toFixed(2)} times loading the SDK (target ${target.timesSdk.toFixed(1)}).`,
    "",
    line(head),
    ...rows.map(line),
  ].join("\n");
}
