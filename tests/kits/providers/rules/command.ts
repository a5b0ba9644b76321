/**
 * `@pulumi/command` 1.2.1. A Command is a run, not a thing: nothing is kept in the store, every run is in the call log.
 * Sources: the SDK's documentation, and `provider/pkg/provider/remote` of https://github.com/pulumi/pulumi-command.
 */
import { randomBytes } from "node:crypto";

import {
  Refusal,
  type Call,
  type Draft,
  type Failure,
  type Made,
  type PackageRules,
  type ResourceRules,
} from "../contract.ts";
import { touches } from "../diff.ts";
import type { Outcome } from "../executor.ts";
import { at, isObject, textAt, type Properties } from "../values.ts";
import { noteAnswer } from "./kubernetes-webhooks.ts";

const LOGGING = ["none", "stdout", "stderr", "stdoutAndStderr"];

const command: ResourceRules = {
  secrets: ["connection"],
  computed: ["stdout", "stderr"],
  check: (draft) => ({ inputs: draft.inputs, failures: [...connectionFailures(draft), ...loggingFailures(draft)] }),
  replaces: (change) => touches(change.path, ["triggers"]),
  // The outputs hang on the scripts alone: a preview of a changed stdin shows the old stdout, as the real one does.
  unsettledBy: (changes) =>
    changes.some((change) => touches(change.path, ["create", "update"])) ? ["stdout", "stderr"] : [],
  create: async (call) => ({ id: newId(call), outputs: await run(call, textAt(call.inputs, "create")) }),
  update: (call) => rerun(call),
  delete: async (call) => {
    await run(call, textAt(call.state, "delete"), previousOutput(call.state, call.state));
  },
};

async function rerun(call: Call & { readonly state: Properties }): Promise<Properties> {
  const script = textAt(call.inputs, "update") ?? textAt(call.inputs, "create");
  return script === undefined ? {} : run(call, script, previousOutput(call.inputs, call.state));
}

/** Runs where the engine runs: a run without a connection. */
const localCommand: ResourceRules = {
  ...command,
  secrets: [],
  check: (draft) => ({ inputs: draft.inputs, failures: loggingFailures(draft) }),
  // Seen of the real one: what a `remote.Command` left is not taken over by an alias.
  update: (call) => {
    if (call.state["connection"] === undefined) return rerun(call);
    throw new Refusal("1 failures decoding:\n\tconnection: Unrecognized field 'connection' on 'local.CommandOutputs'");
  },
};

const copyToRemote: ResourceRules = {
  required: ["source", "remotePath"],
  secrets: ["connection"],
  check: (draft) => ({ inputs: draft.inputs, failures: connectionFailures(draft) }),
  replaces: (change) => touches(change.path, ["triggers"]),
  create: async (call) => {
    await copy(call);
    return { id: newId(call), outputs: {} };
  },
  update: async (call) => {
    const { source, remotePath } = call.before;
    const same =
      JSON.stringify({ source, remotePath }) ===
      JSON.stringify({ source: call.inputs["source"], remotePath: call.inputs["remotePath"] });
    if (!same) await copy(call);
    return {};
  },
};

export const rules: PackageRules = {
  resource: (type) =>
    ({
      "command:local:Command": localCommand,
      "command:remote:Command": command,
      "command:remote:CopyToRemote": copyToRemote,
    })[type],
};

async function run(
  call: Call,
  script: string | undefined,
  environment: Record<string, string> = {},
): Promise<Properties> {
  if (script === undefined) return { stdout: "", stderr: "" };
  const given = call.inputs["environment"];
  const all = { ...environment, ...(isObject(given) ? (given as Record<string, string>) : {}) };
  const started = performance.now();
  const stdin = textAt(call.inputs, "stdin") ?? "";
  const outcome = await call.world.executor.run({
    connection: connection(call),
    command: script,
    stdin,
    environment: all,
  });
  log(call, "run", { started, failed: outcome.exitCode !== 0 });
  if (outcome.exitCode !== 0) throw new Refusal(refusal(call, script, outcome));
  noteAnswer(call, all);
  return { stdout: withoutLastNewline(outcome.stdout), stderr: withoutLastNewline(outcome.stderr) };
}

/**
 * `remote/commandOutputs.go` and `local/commandOutputs.go` wrap the error of `ssh` and of `os/exec`, and quote the whole command and its
 * output: a secret in either is out.
 */
function refusal(call: Call, script: string, outcome: Outcome): string {
  const status = call.type === "command:local:Command" ? "exit status" : "Process exited with status";
  return `${status} ${outcome.exitCode}: running ${JSON.stringify(script)}:\n${outcome.stdout}${outcome.stderr}`;
}

async function copy(call: Call): Promise<void> {
  const content = at(call.inputs, "source.text");
  const path = textAt(call.inputs, "source.path");
  if (typeof content !== "string")
    throw new Refusal(`only text assets can be copied here, not ${path ?? "an archive"}`);
  const remotePath = textAt(call.inputs, "remotePath") ?? "";
  const started = performance.now();
  await call.world.executor.copy({ connection: connection(call), content, remotePath });
  log(call, "copy", { started, failed: false });
}

function log(call: Call, method: "run" | "copy", how: { readonly started: number; readonly failed: boolean }): void {
  const milliseconds = Math.round(performance.now() - how.started);
  const entry = {
    package: "command",
    method,
    type: call.type,
    name: call.name,
    urn: call.urn,
    preview: false,
    milliseconds,
  };
  call.world.log.append({ ...entry, ...(how.failed ? { failed: true } : {}) });
}

function connection(call: Call): Properties {
  const given = call.inputs["connection"];
  return isObject(given) ? given : {};
}

function previousOutput(inputs: Properties, state: Properties): Record<string, string> {
  if (inputs["addPreviousOutputInEnv"] === false) return {};
  const [stdout, stderr] = [textAt(state, "stdout"), textAt(state, "stderr")];
  return {
    ...(stdout === undefined ? {} : { PULUMI_COMMAND_STDOUT: stdout }),
    ...(stderr === undefined ? {} : { PULUMI_COMMAND_STDERR: stderr }),
  };
}

function connectionFailures(draft: Draft): readonly Failure[] {
  if (at(draft.inputs, "connection") === undefined) {
    return [{ property: "connection", reason: "Missing required property 'connection'" }];
  }
  const unknown = typeof at(draft.inputs, "connection") === "string";
  if (unknown || at(draft.inputs, "connection.host") !== undefined) return [];
  return [{ property: "connection.host", reason: "Missing required property 'host'" }];
}

function loggingFailures(draft: Draft): readonly Failure[] {
  const logging = textAt(draft.inputs, "logging");
  if (logging === undefined || LOGGING.includes(logging)) return [];
  return [{ property: "logging", reason: `${logging} is none of ${LOGGING.join(", ")}` }];
}

function newId(call: Call): Made["id"] {
  return `${call.name}${randomBytes(4).toString("hex")}`;
}

function withoutLastNewline(output: string): string {
  return output.endsWith("\n") ? output.slice(0, -1) : output;
}
