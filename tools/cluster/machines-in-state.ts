import type { ClusterAccess } from "@isthmus/k3s";
import { machineLabel } from "@isthmus/k3s";
import { z } from "zod";
import { nameOf, resourcesOf, type Checkpoint } from "../pulumi/checkpoint.ts";
import { revealed } from "./revealed.ts";

const hop = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  privateKey: z.string(),
  hostKey: z.string(),
});
const lookedAt = z.object({
  connection: hop.extend({ proxy: hop.optional() }),
  triggers: z.tuple([z.string()]),
});

/**
 * A run that failed leaves the stack's outputs as they were: machines that were replaced since stand in the state alone,
 * as what was looked at before anything was changed on them (`<cluster>-preflight-<node>`). They win over the outputs.
 * @param state exported with its secrets shown.
 */
export function withMachinesInState(access: ClusterAccess, state: Checkpoint): ClusterAccess {
  const found = resourcesOf(state).flatMap((resource) => {
    const node = /-preflight-(.+)$/.exec(nameOf(resource))?.[1];
    if (node === undefined || resource.type !== "command:remote:Command" || resource.delete === true) return [];
    const read = lookedAt.safeParse(revealed(resource.inputs));
    return read.success ? [{ node, ...read.data }] : [];
  });
  return {
    ...access,
    hosts: {
      ...access.hosts,
      ...Object.fromEntries(found.map(({ node, connection }) => [node, { name: node, ...connection }])),
    },
    machines: {
      ...access.machines,
      ...Object.fromEntries(found.map(({ node, triggers: [machineId] }) => [node, machineLabel(machineId)])),
    },
  };
}
