import { runOverSsh, UnreachableError, type KnownHost, type Run, type RunResult } from "./ssh.ts";

/**
 * Runs a command on the first of `hosts` that can be reached. A host that answers decides: a failure there is a failure,
 * and is not tried on the next one.
 * @throws {UnreachableError} naming every host and why, if none can be reached.
 */
export async function runOnAnyHost(hosts: readonly KnownHost[], run: Run): Promise<RunResult> {
  const refusals: string[] = [];
  for (const host of hosts) {
    try {
      return await runOverSsh(host, run);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      refusals.push(`  ${host.name}: ${error.message}`);
    }
  }
  throw new UnreachableError(`none of these hosts can be reached:\n${refusals.join("\n")}`);
}
