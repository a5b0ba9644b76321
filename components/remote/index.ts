export { AnyHostScript, type AnyHostScriptArgs } from "./any-host-script.ts";
export { askAnother, runOnAnyHost, type Patience } from "./any-host.ts";
export { dialLimits, type Connection, type Hop } from "./connection.ts";
export { RemoteScript, type RemoteScriptArgs } from "./remote-script.ts";
export { runOverSsh, UnreachableError, type KnownHop, type KnownHost, type Run, type RunResult } from "./ssh.ts";
export * from "./pure.ts";
