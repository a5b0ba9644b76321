import { Command } from "@pulumi/command/remote/command.js";
import type { remote } from "@pulumi/command/types/input.js";
import { mergeOptions, type CustomResourceOptions } from "@pulumi/pulumi";
import type { Connection, Hop } from "./connection.ts";
import { calling, type RemoteScriptArgs } from "./remote-script.ts";

/**
 * A script that runs once in the life of what it belongs to: a later change of it changes nothing. One `command:remote:Command`, as releases
 * wrote it: under another type it would be another resource, and run again on all that there is (decision 0018).
 */
export class OnceScript extends Command {
  constructor(name: string, args: RemoteScriptArgs, options: CustomResourceOptions = {}) {
    const once = {
      additionalSecretOutputs: ["stdout", "stderr"],
      ignoreChanges: ["connection", "create", "stdin"],
    };
    super(name, commandArgs(args), mergeOptions(options, once));
  }
}

/** Attempts to connect, and seconds for each: about two minutes, the time in which a machine starts. */
const dialLimits = { dialErrorLimit: 12, perDialTimeout: 10 } as const;

function commandArgs(args: RemoteScriptArgs): ConstructorParameters<typeof Command>[1] {
  const { command, stdin } = calling(args);
  return {
    connection: connectionArgs(args.connection),
    create: command,
    stdin,
    triggers: [...(args.triggers ?? [])],
    logging: "none",
    addPreviousOutputInEnv: false,
  };
}

function connectionArgs(connection: Connection): remote.ConnectionArgs {
  const args = hopArgs(connection);
  return connection.proxy === undefined ? args : { ...args, proxy: hopArgs(connection.proxy) };
}

function hopArgs({ host, port, user, privateKey, hostKey }: Hop): remote.ConnectionArgs {
  return { host, port: port ?? 22, user: user ?? "root", privateKey, hostKey, ...dialLimits };
}
