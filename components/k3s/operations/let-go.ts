import type { Parameters, Script } from "@isthmus/remote/script";
import type { ClusterPlan } from "../plan/plan.ts";
import { scripts } from "../scripts/scripts.ts";

/** A script that any of several servers can run, the first that is up. */
export interface AskedOfServers {
  readonly servers: readonly string[];
  readonly script: Script;
  readonly parameters: Parameters;
}

/** What is asked of the servers that stay before the machine of a node is deleted and made anew. */
export function letGo({ order }: ClusterPlan, leaving: string): AskedOfServers {
  const names = order.servers.map(({ node }) => node.name);
  return {
    servers: names.filter((name) => name !== leaving),
    script: scripts.letGo,
    parameters: {
      LEAVING: leaving,
      LEAVING_ROLE: names.includes(leaving) ? "server" : "agent",
      SERVERS: names.length,
    },
  };
}
