import { revealedThroughout } from "@isthmus/core";
import { machineLabel, reachedOver, type ClusterAccess } from "@isthmus/k3s";
import { z } from "zod";
import { nameOf, resourcesOf, type Checkpoint } from "../pulumi/checkpoint.ts";

const triggers = z.tuple([z.string()]);
/** The first line of standard input names the hosts: see `runnerArgs`. */
const hostsLine = z.string().transform((stdin, context) => {
  try {
    return z.array(reachedOver).parse(JSON.parse(stdin.split("\n", 1)[0] ?? ""))[0];
  } catch {
    context.addIssue("is no list of hosts");
    return z.NEVER;
  }
});
const lookedAt: Readonly<Record<string, z.ZodType<{ connection?: z.output<typeof reachedOver>; triggers: [string] }>>> =
  {
    "command:local:Command": z
      .object({ stdin: hostsLine, triggers })
      .transform((read) => ({ ...(read.stdin && { connection: read.stdin }), triggers: read.triggers })),
    // Of a release before keep-alives.
    "command:remote:Command": z.object({ connection: reachedOver, triggers }),
  };

/**
 * A run that failed leaves the stack's outputs as they were: machines that were replaced since stand in the state alone,
 * as what was looked at before anything was changed on them (`<cluster>-preflight-<node>`). They win over the outputs.
 * @param state exported with its secrets shown.
 */
export function withMachinesInState(access: ClusterAccess, state: Checkpoint): ClusterAccess {
  const found = resourcesOf(state).flatMap((resource) => {
    const node = /-preflight-(.+)$/.exec(nameOf(resource))?.[1];
    if (node === undefined || resource.delete === true) return [];
    const read = lookedAt[resource.type]?.safeParse(revealedThroughout(resource.inputs));
    if (read?.success !== true || read.data.connection === undefined) return [];
    return [{ node, connection: read.data.connection, machineId: read.data.triggers[0] }];
  });
  return {
    ...access,
    hosts: {
      ...access.hosts,
      ...Object.fromEntries(found.map(({ node, connection }) => [node, { name: node, ...connection }])),
    },
    machines: {
      ...access.machines,
      ...Object.fromEntries(found.map(({ node, machineId }) => [node, machineLabel(machineId)])),
    },
  };
}
