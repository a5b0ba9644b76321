export { Hypervisors, type Hypervisor, type HypervisorsArgs } from "./hypervisors.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { Machines, type MachinesArgs } from "./machines.ts";
