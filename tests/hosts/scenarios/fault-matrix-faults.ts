/** What strikes at a step of a script: the table of faults, and how `up` meets them. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Host } from "../../kits/lab/hosts.ts";
import { aServer } from "../../kits/site/cluster-state.ts";
import type { Capability } from "./fault-matrix-capabilities.ts";
import { holdAt } from "./steps.ts";
import { clusterName, type SiteRun, type TestSite } from "../../kits/site/test-site.ts";

export interface Fault {
  readonly name: string;
  /** How often the host's k3s may start besides what the change needs: a host that died starts it when it is back. */
  readonly extraStarts: number;
  /** Whether k3s ends by itself where it is about to join: systemd starts it again until it can. */
  readonly breaksJoins: boolean;
  /** What happens to the host; without it, the run is killed, and nothing happens to hosts. */
  readonly happens?: Happening;
}

interface Happening {
  begins(host: Host): Promise<void>;
  ends(host: Host): Promise<void>;
}

export const faults: readonly Fault[] = [
  { name: "the run is killed", extraStarts: 0, breaksJoins: false },
  {
    name: "the link is cut",
    extraStarts: 0,
    breaksJoins: true,
    happens: { begins: (host) => host.cutLink(), ends: (host) => host.restoreLink() },
  },
  {
    name: "the host dies",
    extraStarts: 1,
    breaksJoins: true,
    happens: { begins: (host) => host.powerOff(), ends: (host) => host.powerOn() },
  },
];

interface Strike {
  readonly fault: Fault;
  readonly host: Host;
  readonly step: string;
}

/** Runs the engine, and lets the fault strike while the host is at the step; then what broke is whole again. */
export async function strikeUp(site: TestSite, { fault: { happens }, host, step }: Strike): Promise<SiteRun> {
  const hold = await holdAt(host, step);
  if (happens === undefined) {
    const run = await site.up({ killWhen: () => hold.reached });
    await hold.release();
    return struck(run, step, run.killed);
  }
  const strike = hold.reached
    .then(() => happens.begins(host))
    .then(
      () => true,
      () => false,
    );
  const run = await site.up();
  const happened = await Promise.race([strike, sleep(1_000, false)]);
  if (!happened) await hold.release();
  await happens.ends(host);
  await host.reachable();
  return struck(run, step, happened);
}

function struck(run: SiteRun, step: string, happened: boolean): SiteRun {
  if (happened) return run;
  throw new Error(`the run ended with ${String(run.exitCode)} and never came to the step "${step}":\n${run.text}`);
}

/** The work is done, and who did it dies: the engine before it has written that down, the script before it gave back its lease. */
export async function killUnwritten(site: TestSite, { resource, method, lease }: Capability): Promise<SiteRun> {
  const run = await site.up({ kill: { method, name: `${clusterName}-${resource}`, nth: 1, when: "after" } });
  if (lease !== undefined) await holdLease(site, lease);
  return struck(run, `${resource} is done`, run.killed);
}

async function holdLease(site: TestSite, holder: string): Promise<void> {
  const now = new Date().toISOString().replace("Z", "000Z");
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "isthmus-maintenance", namespace: "kube-system" },
    spec: { holderIdentity: holder, leaseDurationSeconds: 900, acquireTime: now, renewTime: now },
  };
  await aServer(site, holder).ok("k3s kubectl apply -f -", { stdin: JSON.stringify(lease) });
}
