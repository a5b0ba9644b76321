import { askAnother, runOnAnyHost, twoMinutes, type Patience } from "./any-host.ts";
import { unusableKey } from "./private-key.ts";
import { ConnectionLostError, UnreachableError, type KnownHost, type RunResult } from "./ssh.ts";
import type { Trouble } from "./trouble.ts";

/** What the program that `runnerArgs` describes is told. */
export interface Told {
  /** A JSON line with the hosts, then what is passed on to the host that answers. */
  readonly stdin: string;
  /**
   * `ISTHMUS_COMMAND`: the command line. `ISTHMUS_NONE`: what it means if all ask for another host. `ISTHMUS_DIALS`: how often
   * hosts are tried at most; without it for two minutes.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Runs what it is told to; that no host could be worked on is a result, too, with the cause and the fix as lines of scripts. */
export async function runAsTold({ stdin, environment }: Told): Promise<RunResult> {
  const end = stdin.indexOf("\n");
  const hosts = JSON.parse(stdin.slice(0, end)) as KnownHost[];
  const command = environment["ISTHMUS_COMMAND"] ?? "";
  const unusable = hosts.map(({ privateKey }) => unusableKey(privateKey)).find((trouble) => trouble !== undefined);
  if (unusable !== undefined) return failed(hosts, unusable);
  try {
    const result = await runOnAnyHost(
      hosts,
      { command, input: stdin.slice(end + 1) },
      patience(environment["ISTHMUS_DIALS"]),
    );
    const none = environment["ISTHMUS_NONE"] ?? "";
    return result.status === askAnother && none !== "" ? { ...result, stderr: `${result.stderr}${none}\n` } : result;
  } catch (error) {
    if (error instanceof UnreachableError) return failed(hosts, error.trouble);
    if (error instanceof ConnectionLostError) return failed(hosts, error.trouble, error.stderr);
    throw error;
  }
}

function patience(dials: string | undefined): Patience {
  return dials === undefined ? twoMinutes : { ...twoMinutes, rounds: Number(dials) };
}

function failed(hosts: readonly KnownHost[], { because, fix }: Trouble, said = ""): RunResult {
  const [only] = hosts;
  const name = hosts.length === 1 && only !== undefined ? `[${only.name}] ` : "";
  return { status: 255, stdout: "", stderr: `${said}${name}because: ${because}\n${name}to fix: ${fix}\n` };
}
