/** Test hosts: several Linux hosts on one machine, for scripts that run over SSH and for faults that hosts have. */
export { createLab, removeLeftovers } from "./lab.ts";
export type { Lab, SharedFile } from "./lab.ts";
export { Host } from "./host.ts";
export type { LinkQuality } from "./network.ts";
export type { Connection, Ran, RunOptions } from "./ssh.ts";
export { missing, requireHosts } from "./requirements.ts";
export { until } from "./command.ts";
