/** What strikes at a step of a script: the table of faults. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Host } from "../hosts.ts";
import type { Capability } from "./fault-matrix-capabilities.ts";
import { holdAt } from "./steps.ts";
import { clusterName, type SiteRun, type TestSite } from "./test-site.ts";

export interface Fault {
  readonly name: string;
  /** How often the host's k3s may start besides what the change needs: a host that died starts it when it is back. */
  readonly extraStarts: number;
  /** Runs the engine, and lets the fault strike while the host is at the step; then what broke is whole again. */
  strike(site: TestSite, host: Host, step: string): Promise<SiteRun>;
}

export const faults: readonly Fault[] = [
  {
    name: "the run is killed",
    extraStarts: 0,
    async strike(site, host, step) {
      const hold = await holdAt(host, step);
      const run = await site.up({ killWhen: () => hold.reached });
      await hold.release();
      return struck(run, step, run.killed);
    },
  },
  {
    name: "the link is cut",
    extraStarts: 0,
    strike: (site, host, step) =>
      atOnce(site, { host, step, happens: () => host.cutLink(), mended: () => host.restoreLink() }),
  },
  {
    name: "the host dies",
    extraStarts: 1,
    strike: (site, host, step) =>
      atOnce(site, { host, step, happens: () => host.powerOff(), mended: () => host.powerOn() }),
  },
];

interface Happening {
  readonly host: Host;
  readonly step: string;
  readonly happens: () => Promise<void>;
  readonly mended: () => Promise<void>;
}

async function atOnce(site: TestSite, { host, step, happens, mended }: Happening): Promise<SiteRun> {
  const hold = await holdAt(host, step);
  const strike = hold.reached.then(happens).then(
    () => true,
    () => false,
  );
  const run = await site.up();
  const happened = await Promise.race([strike, sleep(1_000, false)]);
  if (!happened) await hold.release();
  await mended();
  await host.reachable();
  return struck(run, step, happened);
}

function struck(run: SiteRun, step: string, happened: boolean): SiteRun {
  if (happened) return run;
  throw new Error(`the run ended with ${String(run.exitCode)} and never came to the step "${step}":\n${run.text}`);
}

/** The work is done, and the engine dies before it has written that down. */
export async function killUnwritten(site: TestSite, { resource, method }: Capability): Promise<SiteRun> {
  const run = await site.up({ kill: { method, name: `${clusterName}-${resource}`, nth: 1, when: "after" } });
  return struck(run, `${resource} is done`, run.killed);
}
