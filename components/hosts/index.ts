export {
  boardNames,
  boards,
  missingSizes,
  sizesOf,
  type Board,
  type MachineSizes,
  type StatedSizes,
} from "./boards.ts";
export { planHosts, type HostFacts, type HostPlan } from "./plan.ts";
export { hostSchema, linuxUser, type HostSettings } from "./schema.ts";
