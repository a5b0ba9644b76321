/**
 * What stands behind `command` resources on test hosts: our own SSH client, as the program that it starts has it, or a shell
 * on this computer. Every run is noted in the file that ISTHMUS_SESSIONS names, so that tests can count them.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";

import { execa } from "execa";
import { runAsTold } from "../../../components/remote/run.ts";
import { onItsHost, type Executor, type Outcome, type Run } from "../providers/executor.ts";

/** A run of a script, as it is noted. */
export interface Session {
  /** The host's address; `any` where the script chooses one of several by itself. */
  readonly host: string;
  readonly script: string;
  readonly milliseconds: number;
  readonly exitCode: number;
}

export const executor: Executor = {
  run: async (run) => {
    const started = performance.now();
    const outcome = await here(run);
    note(run, { milliseconds: Math.round(performance.now() - started), exitCode: outcome.exitCode });
    return outcome;
  },
  copy: () => Promise.reject(new Error("nothing is copied to hosts: scripts come on standard input")),
};

/** The program that a script is run by would only be started by the shell: a third of a second of a processor each time. */
async function here({ connection, command, stdin, environment }: Run): Promise<Outcome> {
  const env = { ...process.env, ...environment };
  if (typeof connection["host"] === "string") {
    const told = `${JSON.stringify([{ name: connection["host"], ...connection }])}\n${stdin}`;
    const over = await runAsTold({ stdin: told, environment: { ...env, ISTHMUS_COMMAND: command } });
    return { stdout: over.stdout, stderr: over.stderr, exitCode: over.status };
  }
  if (command.includes("any-host-main.cjs")) {
    const { status, stdout, stderr } = await runAsTold({ stdin, environment: env });
    return { stdout, stderr, exitCode: status };
  }
  const ran = await execa("/bin/sh", ["-c", command], { input: stdin, env, reject: false });
  return { stdout: ran.stdout, stderr: ran.stderr, exitCode: ran.exitCode ?? 255 };
}

function note(asked: Run, ended: Pick<Session, "milliseconds" | "exitCode">): void {
  const file = process.env["ISTHMUS_SESSIONS"];
  if (file === undefined) return;
  const { connection } = onItsHost(asked);
  const host = typeof connection["host"] === "string" ? connection["host"] : "any";
  const script = /([a-z-]+\.sh)'?$/.exec(asked.command)?.[1] ?? "";
  appendFileSync(file, `${JSON.stringify({ host, script, ...ended } satisfies Session)}\n`);
}
