// SSH from the command line tools, without Pulumi.
export { askAnother, runOnAnyHost, type Patience } from "./any-host.ts";
export {
  ConnectionLostError,
  runOverSsh,
  UnreachableError,
  type KnownHop,
  type KnownHost,
  type Run,
  type RunResult,
} from "./ssh.ts";
