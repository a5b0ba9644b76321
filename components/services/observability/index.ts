export { monitoring } from "./monitoring/definition.ts";
