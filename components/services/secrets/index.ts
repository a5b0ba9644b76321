export { vault } from "./vault/definition.ts";
export { rules } from "./rules.ts";
