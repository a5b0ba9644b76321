/** Test hosts: several Linux hosts on one machine, for scripts that run over SSH and for faults that hosts have. */
export { createLab, removeLeftovers } from "./machine/lab.ts";
export type { Lab, SharedFile } from "./machine/lab.ts";
export { Host } from "./machine/host.ts";
export type { LinkQuality } from "./machine/network.ts";
export type { Connection, Ran, RunOptions } from "./machine/ssh.ts";
export { missing, requireHosts } from "./machine/requirements.ts";
export { until } from "./machine/command.ts";
