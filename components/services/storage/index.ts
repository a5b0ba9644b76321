export { longhorn } from "./longhorn/definition.ts";
export { rules } from "./rules.ts";
