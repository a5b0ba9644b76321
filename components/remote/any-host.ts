import { setTimeout as sleep } from "node:timers/promises";
import { runOverSsh, UnreachableError, type KnownHost, type Run, type RunResult } from "./ssh.ts";

/** The status by which a script says: not on this host, ask another one. (`EX_TEMPFAIL` of sysexits.h.) */
export const askAnother = 75;

/** For how long hosts are tried while none can be reached, in milliseconds; `rounds`: how often at most. */
export interface Patience {
  readonly within: number;
  /** The longest pause between two rounds; the first ones are shorter. */
  readonly pause: number;
  /** For how long, where all that is wrong is what rarely passes: another host key, a key that is not let in. */
  readonly lasting: number;
  readonly rounds?: number;
}
/** The time in which a machine starts. */
export const twoMinutes: Patience = { within: 120_000, pause: 5_000, lasting: 30_000 };

/**
 * Runs a command on the first of `hosts` that can be reached and does not ask for another. A host that takes it on
 * decides: a failure there is a failure, and is not tried on the next one. If all that can be reached ask for another,
 * the last of their results is given back, with status 75.
 * @throws {UnreachableError} naming every host and why, if none can be reached.
 * @throws {ConnectionLostError} if the host was lost while the command ran.
 */
export async function runOnAnyHost(
  hosts: readonly KnownHost[],
  run: Run,
  limits: Partial<Patience> = {},
): Promise<RunResult> {
  const patience = { ...twoMinutes, ...limits };
  const started = performance.now();
  for (let round = 1; ; round++) {
    const outcome = await tryInTurn(hosts, run);
    if ("result" in outcome) return outcome.result;
    const { refusals } = outcome;
    const all = refusals.every(({ error }) => error.trouble.lasting === true);
    const pause = Math.min(patience.pause, round * 1_000);
    const until = all ? patience.lasting : patience.within;
    if (round === patience.rounds || performance.now() - started + pause > until) throw unreachable(refusals);
    await sleep(pause);
  }
}

interface Refusal {
  readonly name: string;
  readonly error: UnreachableError;
}

function unreachable(refusals: readonly Refusal[]): UnreachableError {
  const [only, ...others] = refusals;
  if (only !== undefined && others.length === 0) return only.error;
  const lines = refusals.map(({ name, error }) => `  ${name}: ${error.message}`);
  const because = `none of these hosts can be reached:\n${lines.join("\n")}`;
  return new UnreachableError("SSH", { because, fix: "one of them is enough" });
}

type Outcome = { readonly result: RunResult } | { readonly refusals: readonly Refusal[] };

async function tryInTurn(hosts: readonly KnownHost[], run: Run): Promise<Outcome> {
  const refusals: Refusal[] = [];
  let declined: RunResult | undefined;
  for (const host of hosts) {
    try {
      const result = await runOverSsh(host, run);
      if (result.status !== askAnother) return { result };
      declined = { ...result, stderr: `${declined?.stderr ?? ""}${host.name}: ${result.stderr}` };
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      refusals.push({ name: host.name, error });
    }
  }
  return declined === undefined ? { refusals } : { result: declined };
}
