/**
 * What stands behind `command` resources on test hosts: real SSH, host key pinned, and for a command without a connection
 * a shell on this computer. Every run is noted in the file that ISTHMUS_SESSIONS names, so that tests can count them.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { execa } from "execa";
import type { Client } from "ssh2";

import type { Executor, Outcome, Run } from "../engine/providers/executor.ts";
import { connect, execute, type Connection } from "./machine/ssh.ts";

/** A run of a script, as it is noted. */
export interface Session {
  /** The host's address; `any` where the script chooses one of several by itself. */
  readonly host: string;
  readonly script: string;
  readonly milliseconds: number;
  readonly exitCode: number;
}

const oneHour = 3_600_000;

export const executor: Executor = {
  run: async (run) => {
    const started = performance.now();
    const outcome = await (typeof run.connection["host"] === "string" ? overSsh(run) : here(run));
    note(run, { milliseconds: Math.round(performance.now() - started), exitCode: outcome.exitCode });
    return outcome;
  },
  copy: () => Promise.reject(new Error("nothing is copied to hosts: scripts come on standard input")),
};

async function overSsh({ connection, command, stdin }: Run): Promise<Outcome> {
  let client: Client;
  try {
    client = await dial(connection as unknown as Connection & Limits);
  } catch (error) {
    return { stdout: "", stderr: error instanceof Error ? error.message : String(error), exitCode: 255 };
  }
  try {
    const { code, stdout, stderr } = await execute(client, command, { stdin, timeoutMs: oneHour });
    return { stdout, stderr, exitCode: code };
  } catch (error) {
    return { stdout: "", stderr: error instanceof Error ? error.message : String(error), exitCode: 255 };
  } finally {
    client.end();
  }
}

interface Limits {
  readonly dialErrorLimit?: number;
  readonly perDialTimeout?: number;
}

/** Tries as often as the connection says; ISTHMUS_DIALS lowers it, for tests with hosts that stay away. */
async function dial(connection: Connection & Limits): Promise<Client> {
  const limit = Math.min(connection.dialErrorLimit ?? 10, Number(process.env["ISTHMUS_DIALS"] ?? Infinity));
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect(connection, (connection.perDialTimeout ?? 15) * 1000);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt >= limit) throw new Error(`${connection.host}: no SSH after ${attempt} attempts: ${reason}`);
      await sleep(1_000);
    }
  }
}

async function here({ command, stdin, environment }: Run): Promise<Outcome> {
  const ran = await execa("/bin/sh", ["-c", command], { input: stdin, env: environment, reject: false });
  return { stdout: ran.stdout, stderr: ran.stderr, exitCode: ran.exitCode ?? 255 };
}

function note({ connection, command }: Run, ended: Pick<Session, "milliseconds" | "exitCode">): void {
  const file = process.env["ISTHMUS_SESSIONS"];
  if (file === undefined) return;
  const host = typeof connection["host"] === "string" ? connection["host"] : "any";
  const script = /([a-z-]+\.sh)'?$/.exec(command)?.[1] ?? "";
  appendFileSync(file, `${JSON.stringify({ host, script, ...ended } satisfies Session)}\n`);
}
