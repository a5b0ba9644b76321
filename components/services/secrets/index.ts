export { vault } from "./vault/definition.ts";
