export { longhorn } from "./longhorn.ts";
