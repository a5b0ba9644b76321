import { z } from "zod";

const hop = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  privateKey: z.string(),
  hostKey: z.string(),
});

/** How a host is reached, as a state has it. */
export const reachedOver = hop.extend({ proxy: hop.optional() });

/**
 * What is needed to work on a cluster from outside of the program, beside its plan: how its machines are reached, and the
 * secrets that scripts read. Secret as a whole. `npm run status`, `snapshot` and `restore` read it from the stack.
 */
export const clusterAccess = z.object({
  hosts: z.record(z.string(), reachedOver.extend({ name: z.string() })).describe("By node."),
  servers: z.array(z.string()).default([]).describe("Nodes that were servers when the stack was last brought up."),
  machines: z.record(z.string(), z.string()).describe("What each machine is labelled with, by node."),
  secrets: z.record(z.string(), z.string()).describe("By the name of the variable that a script reads."),
});

export type ClusterAccess = z.output<typeof clusterAccess>;
