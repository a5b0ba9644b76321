export { checkMachines } from "./check.ts";
export { hostKeyName, maskedUserData, renderMetaData, renderUserData } from "./cloud-init.ts";
export {
  cloneLanes,
  planImages,
  planMachines,
  type HostFile,
  type ImagePlan,
  type MachineFacts,
  type SiteMachines,
  type VmDisk,
  type VmPlan,
} from "./plan.ts";
export {
  hypervisorSchema,
  hypervisorsOf,
  proxmoxSchema,
  vmSchema,
  type ApiSettings,
  type ProxmoxSettings,
  type VmSettings,
} from "./schema.ts";
export { replacementsOf, type BuiltVm, type Replacement } from "./replacement.ts";
export { rules } from "./rules.ts";
