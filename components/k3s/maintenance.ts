import type { JoinOrder } from "./node.ts";
import type { ClusterPlan, NodePlan } from "./plan.ts";
import type { Step } from "./restore.ts";

/** What is done to one node, in this order. */
export interface NodeWork {
  readonly node: string;
  readonly steps: readonly Step[];
  /** Why it may not be done now, in words; nothing is done to this node or to any after it. */
  readonly refused?: string;
}

/** Servers one by one, then agents in lanes: who joins in this order is worked on in it, too. */
export type MaintenanceOrder = JoinOrder<NodeWork>;

/** A server, for the question whether another one may be away. */
export interface ServerHealth {
  readonly node: string;
  /** Ready, a voter, and it can be reached. */
  readonly well: boolean;
}

/**
 * Why a server may not be away for a while: the voters that stay would be no majority. With one or two servers etcd has
 * no majority without any of them: then its API pauses, and all others have to be well. A server that is not well has
 * nothing to take away. The script on the host (`quorum.sh`) goes by the same rule, and counts anew.
 */
export function quorumRefusal(leaving: string, servers: readonly ServerHealth[]): string | undefined {
  const others = servers.filter(({ node }) => node !== leaving);
  const unwell = others.filter(({ well }) => !well).map(({ node }) => node);
  if (unwell.length === 0 || servers.some(({ node, well }) => node === leaving && !well)) return undefined;
  const stay = others.length - unwell.length;
  if (servers.length > 2 && stay >= Math.floor(servers.length / 2) + 1) return undefined;
  const left = `${String(stay)} of ${String(servers.length)} voters would be left`;
  return `${left} while ${leaving} is away: no majority, and the API would stop. Bring ${unwell.join(", ")} back first`;
}

/** What `work` makes of every node that is meant, in the order of maintenance; nodes without work are left out. */
export function maintenanceOrder(
  { order }: ClusterPlan,
  { only, work }: { readonly only?: readonly string[] | undefined; readonly work: (node: NodePlan) => NodeWork },
): MaintenanceOrder {
  const meant = (nodes: readonly NodePlan[]): readonly NodeWork[] =>
    nodes
      .filter(({ node }) => only === undefined || only.includes(node.name))
      .map(work)
      .filter(({ steps }) => steps.length > 0);
  return { servers: meant(order.servers), lanes: order.lanes.map(meant).filter((lane) => lane.length > 0) };
}

/**
 * Works through an order. A failure ends it: what other lanes are at is finished, no further node is begun, and the first
 * failure is thrown.
 */
export async function workThrough(
  { servers, lanes }: MaintenanceOrder,
  work: (node: NodeWork) => Promise<void>,
): Promise<void> {
  for (const server of servers) await work(server);
  const failures: unknown[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const agent of lane) {
        if (failures.length > 0) return;
        await work(agent).catch((error: unknown) => failures.push(error));
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
