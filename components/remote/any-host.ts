import { setTimeout as sleep } from "node:timers/promises";
import { runOverSsh, UnreachableError, type KnownHost, type Run, type RunResult } from "./ssh.ts";

/** The status by which a script says: not on this host, ask another one. (`EX_TEMPFAIL` of sysexits.h.) */
export const askAnother = 75;

/** How often all hosts are tried while none can be reached, and the pause between, in milliseconds. */
export interface Patience {
  readonly rounds: number;
  readonly pause: number;
}
const twoMinutes: Patience = { rounds: 12, pause: 5_000 };

/**
 * Runs a command on the first of `hosts` that can be reached and does not ask for another. A host that takes it on
 * decides: a failure there is a failure, and is not tried on the next one. If all that can be reached ask for another,
 * the last of their results is given back, with status 75.
 * @throws {UnreachableError} naming every host and why, if none can be reached.
 */
export async function runOnAnyHost(
  hosts: readonly KnownHost[],
  run: Run,
  patience: Patience = twoMinutes,
): Promise<RunResult> {
  let refusals: readonly string[] = [];
  for (let round = 1; round <= patience.rounds; round++) {
    const outcome = await tryInTurn(hosts, run);
    if ("result" in outcome) return outcome.result;
    refusals = outcome.refusals;
    if (round < patience.rounds) await sleep(patience.pause);
  }
  throw new UnreachableError(`none of these hosts can be reached:\n${refusals.join("\n")}`);
}

type Outcome = { readonly result: RunResult } | { readonly refusals: readonly string[] };

async function tryInTurn(hosts: readonly KnownHost[], run: Run): Promise<Outcome> {
  const refusals: string[] = [];
  let declined: RunResult | undefined;
  for (const host of hosts) {
    try {
      const result = await runOverSsh(host, run);
      if (result.status !== askAnother) return { result };
      declined = { ...result, stderr: `${declined?.stderr ?? ""}${host.name}: ${result.stderr}` };
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      refusals.push(`  ${host.name}: ${error.message}`);
    }
  }
  return declined === undefined ? { refusals } : { result: declined };
}
