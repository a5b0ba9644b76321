export { AnyHostScript, type AnyHostScriptArgs } from "./any-host-script.ts";
export type { Connection, Hop } from "./connection.ts";
export { OnceScript } from "./once-script.ts";
export * from "./pure.ts";
export { RemoteScript, type RemoteScriptArgs } from "./remote-script.ts";
export { privateKeyTrouble } from "./private-key.ts";
export { knownHost } from "./runner.ts";
