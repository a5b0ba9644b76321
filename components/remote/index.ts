export { AnyHostScript, knownHost, type AnyHostScriptArgs } from "./any-host-script.ts";
export { dialLimits, type Connection, type Hop } from "./connection.ts";
export * from "./pure.ts";
export { RemoteScript, type RemoteScriptArgs } from "./remote-script.ts";
