export { Machine, type MachineArgs } from "./machine.ts";
