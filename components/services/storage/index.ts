export { longhorn } from "./longhorn/definition.ts";
