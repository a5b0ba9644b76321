import { lookUp, UserError } from "@isthmus/core";
import type { ClusterAccess, Step } from "@isthmus/k3s";
import { ConnectionLostError, runOverSsh, UnreachableError, type KnownHost } from "@isthmus/remote/client";
import { renderCommand, renderInput } from "@isthmus/remote/script";
import { MissingError } from "../exit.ts";

export interface ScriptResult {
  readonly status: number;
  readonly stdout: string;
  /** What it said for people: each line begins with the node's name. */
  readonly said: string;
}

export interface Listening {
  /** Given each line that the script says, as it says it. */
  readonly hear?: ((line: string) => void) | undefined;
  /** In milliseconds. Default: as long as the host answers. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs a script on a node over SSH.
 * @throws {UnreachableError} if no session came about.
 * @throws {ConnectionLostError} if the host was lost meanwhile.
 */
export async function runScript(
  { hosts, secrets }: ClusterAccess,
  step: Step,
  { hear, timeoutMs }: Listening = {},
): Promise<ScriptResult> {
  const { node, script, parameters, secretNames } = step;
  const host = knownHost(hosts, node);
  const values = Object.fromEntries(secretNames.map((name) => [name, lookUp(secrets, name, "secret")]));
  const command = renderCommand({ script, host: node, parameters, secretNames, user: host.user });
  const { status, stdout, stderr } = await runOverSsh(host, {
    command,
    input: renderInput({ script }, values),
    timeoutMs,
    ...(hear === undefined ? {} : { heard: byLine(hear) }),
  });
  return { status, stdout, said: stderr };
}

/** As `runScript`; that it failed, or that its host cannot be reached, is a `UserError` with what it said. */
export async function mustRunScript(access: ClusterAccess, step: Step): Promise<ScriptResult> {
  let result: ScriptResult;
  try {
    result = await runScript(access, step);
  } catch (error) {
    if (error instanceof UnreachableError)
      throw new MissingError(`${step.node} cannot be reached over SSH: ${error.message}`);
    if (!(error instanceof ConnectionLostError)) throw error;
    throw new MissingError(
      `${step.node} was lost while ${step.script.name} ran (${error.message}): it may go on there. Run the same command again.`,
    );
  }
  if (result.status === 0) return result;
  throw new UserError(`${step.script.name} failed on ${step.node}:\n${result.said.trimEnd()}`);
}

/** What a script said to be the cause, and the fix; all that it said where it named none. */
export function causeOf(said: string): string {
  const named = said
    .split("\n")
    .map((line) => line.replace(/^\[[^\]]*\] /, ""))
    .filter((line) => /^(because|to fix): /.test(line));
  return named.length > 0 ? named.map((line) => line.replace("because: ", "")).join("; ") : said.trim();
}

/** Gives whole lines to `hear`, of a text that comes in pieces. */
function byLine(hear: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(hear);
  };
}

function knownHost(hosts: ClusterAccess["hosts"], node: string): KnownHost {
  const host = hosts[node];
  if (host === undefined) {
    throw new MissingError(`${node} is declared and was not deployed yet: the stack knows no machine of that name.`);
  }
  const { proxy, ...rest } = host;
  return proxy === undefined ? rest : { ...rest, proxy };
}
