/** One measurement in a fresh process: `measure.ts plan|preview|bare|floor FOLDER`; prints one line of JSON. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Model } from "../../config/load.ts";
import type { Recorded } from "../../cli/lib/preview/recorder.ts";

/** What one process took. Milliseconds; CPU is that of all its threads. */
export interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
  readonly resources: number;
}

const recording = (folder: string): string => join(folder, "recorded.json");

async function timed(work: () => Promise<number>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const resources = await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000, resources };
}

async function modelOf(folder: string): Promise<Model> {
  const { load } = await import("../../config/load.ts");
  const { catalogue } = await import("../../plan/catalogue.ts");
  const loaded = load(folder, catalogue);
  if ("model" in loaded) return loaded.model;
  const { describeFindings } = await import("../../config/describe.ts");
  throw new Error(describeFindings(loaded.findings, loaded.sources));
}

/** Reading the stack files, the plan of all sites, every rule and every verdict. */
async function plan(folder: string): Promise<Measured> {
  const { planFleet } = await import("../../plan/fleet.ts");
  await import("../../plan/catalogue.ts");
  return timed(async () => {
    const fleet = planFleet(await modelOf(folder));
    if (fleet.findings.length > 0)
      throw new Error(
        fleet.findings
          .slice(0, 5)
          .map(({ at, problem }) => `${at}: ${problem}`)
          .join("\n"),
      );
    return 0;
  });
}

/** What `npm run preview` does after its plan: registration, policies, budgets. Keeps what was registered. */
async function preview(folder: string): Promise<Measured> {
  const { planFleet } = await import("../../plan/fleet.ts");
  const { registerInProcess } = await import("../../cli/lib/preview/in-process.ts");
  const fleet = planFleet(await modelOf(folder));
  const recorded: Recorded[][] = [];
  const measured = await timed(async () => {
    for (const site of fleet.sites) recorded.push([...(await registerInProcess(fleet, site))]);
    return recorded.flat().length;
  });
  writeFileSync(recording(folder), JSON.stringify(recorded));
  return measured;
}

/** The same resources registered by a flat program, under the same circumstances. */
async function bare(folder: string): Promise<Measured> {
  const { recordInProcess } = await import("../../cli/lib/preview/in-process.ts");
  const { shortStackTraces } = await import("../../cli/lib/preview/stack-traces.ts");
  const { registerFlat } = await import("./flat.ts");
  const sites = JSON.parse(readFileSync(recording(folder), "utf8")) as Recorded[][];
  return timed(async () => {
    let count = 0;
    for (const resources of sites)
      count += (
        await shortStackTraces(() =>
          recordInProcess("bare", () => {
            registerFlat(resources);
          }),
        )
      ).length;
    return count;
  });
}

/** Loading the SDK and nothing else. */
async function floor(): Promise<Measured> {
  return timed(async () => {
    await import("@pulumi/pulumi");
    return 0;
  });
}

const [what = "", folder = ""] = process.argv.slice(2);
const measurements: Readonly<Record<string, (folder: string) => Promise<Measured>>> = { plan, preview, bare, floor };
const measure = measurements[what];
if (measure === undefined) throw new Error(`no measurement is called ${what}`);
process.stdout.write(JSON.stringify(await measure(folder)));
