export { AnyHostScript, type AnyHostScriptArgs } from "./any-host-script.ts";
export { runOnAnyHost } from "./any-host.ts";
export { dialLimits, type Connection, type Hop } from "./connection.ts";
export { assignments, shellWord, type Parameter, type Parameters } from "./quoting.ts";
export { RemoteScript, type RemoteScriptArgs } from "./remote-script.ts";
export {
  loadScript,
  preamble,
  renderCommand,
  renderInput,
  renderScript,
  type Script,
  type ScriptCall,
} from "./script.ts";
export { runOverSsh, UnreachableError, type KnownHop, type KnownHost, type Run, type RunResult } from "./ssh.ts";
