/** How scenarios of maintenance kill its verbs, and see what came of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";

import { certificateRotation } from "@isthmus/k3s";
import { execa } from "execa";
import type { DeployedCluster } from "../../../cli/lib/cluster/deployed.ts";
import { mustRunScript, type ScriptResult } from "../../../cli/lib/cluster/run-script.ts";
import type { Host } from "../../kits/lab/hosts.ts";
import type { MaintenanceTask } from "./maintenance-process.ts";

/** A host that reboots is met away by who looks at once: a person runs the verb again. */
export async function goesThrough(run: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await run();
      return;
    } catch (error) {
      if (tries === 5 || !(error instanceof Error) || !/left out|cannot be reached/.test(error.message)) throw error;
    }
  }
}

/** SIGKILL, as soon as the verb says this line. What runs on hosts by then goes on there. */
export async function killedAt(line: string, task: MaintenanceTask): Promise<void> {
  const child = execa(process.execPath, ["--import", "tsx", join(import.meta.dirname, "maintenance-process.ts")], {
    input: JSON.stringify(task),
    reject: false,
    buffer: false,
    stdout: "pipe",
  });
  let said = "";
  for await (const one of child.iterable()) {
    said += `${one}\n`;
    if (one === line) child.kill("SIGKILL");
  }
  assert.equal((await child).signal, "SIGKILL", said);
}

/** When k3s was last started, by the journal of its host, in milliseconds since the epoch. */
export async function lastStart(host: Host): Promise<number> {
  const unit = host.name.startsWith("server") ? "k3s" : "k3s-agent";
  const said = await host.ok(`journalctl -u ${unit} -g '^Starting ' -o json -n 1`);
  return Number((JSON.parse(said) as { __REALTIME_TIMESTAMP: string }).__REALTIME_TIMESTAMP) / 1000;
}

/** Renews a server's certificates by the script alone: without the look at all servers that the verb begins with. */
export async function renews({ plan, access }: DeployedCluster, node: string): Promise<ScriptResult> {
  const servers = plan.order.servers.map(
    ({ node: { name } }) => [name, { days: 0, rotating: false, well: true }] as const,
  );
  const order = certificateRotation(plan, Object.fromEntries(servers), { olderThanDays: 0, only: [node] });
  const [step] = order.servers.flatMap(({ steps }) => steps);
  if (step === undefined) throw new Error(`${node} is no server`);
  return mustRunScript(access, step);
}
