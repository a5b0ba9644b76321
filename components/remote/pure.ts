// What needs no Pulumi and no network: for plans, and for showing scripts to people.
export { assignments, shellWord, type Parameter, type Parameters } from "./quoting.ts";
export {
  loadScript,
  preamble,
  renderCommand,
  renderInput,
  renderScript,
  withoutComments,
  type Script,
  type ScriptCall,
} from "./script.ts";
