export { planHosts, type HostFacts, type HostPlan } from "./plan.ts";
export { hostSchema, type HostSettings } from "./schema.ts";
