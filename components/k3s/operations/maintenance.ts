import { majorityOf } from "@isthmus/core";
import type { JoinOrder } from "../plan/node.ts";
import type { ClusterPlan, NodePlan } from "../plan/plan.ts";
import type { Step } from "./step.ts";

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
  /** Why it is not known to be well, where somebody said so. */
  readonly whyNot?: string | undefined;
}

/**
 * Why a server may not be away for a while: the voters that stay would be no majority. With one or two servers etcd has
 * no majority without any of them: then its API pauses, and all others have to be well. A server that is not well has
 * nothing to take away. The script on the host (`quorum.sh`) goes by the same rule, and counts anew.
 */
export function quorumRefusal(leaving: string, servers: readonly ServerHealth[]): string | undefined {
  const others = servers.filter(({ node }) => node !== leaving);
  const unwell = others
    .filter(({ well }) => !well)
    .map(({ node, whyNot }) => (whyNot === undefined ? node : `${node} (${whyNot})`));
  if (unwell.length === 0 || servers.some(({ node, well }) => node === leaving && !well)) return undefined;
  const stay = others.length - unwell.length;
  if (servers.length > 2 && stay >= majorityOf(servers.length)) return undefined;
  const left = `${String(stay)} of ${String(servers.length)} voters would be left`;
  return `${left} while ${leaving} is away: no majority, and the API would stop. Bring ${unwell.join(", ")} back first`;
}

export interface Maintenance {
  /** The nodes that are meant. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** What is to be done to a node; empty where it is left alone. */
  readonly stepsOf: (node: NodePlan) => readonly Step[];
  /** Whether these steps take the node from the cluster for a while. */
  readonly leaves: (steps: readonly Step[]) => boolean;
  /** Whether a node is well by now. */
  readonly isWell: (node: string) => boolean;
  /** Why that is not known of a node, where somebody said so. */
  readonly whyNot?: (node: string) => string | undefined;
}

/**
 * Who is worked on in which order. A server is refused where quorum would be lost, as things will stand then: work on a
 * node ends when that node is well.
 */
export function maintenanceOrder({ order }: ClusterPlan, maintenance: Maintenance): MaintenanceOrder {
  const { only, stepsOf, leaves, isWell, whyNot } = maintenance;
  const meant = (nodes: readonly NodePlan[]): readonly NodeWork[] =>
    nodes
      .filter(({ node }) => only === undefined || only.includes(node.name))
      .map((node) => ({ node: node.node.name, steps: stepsOf(node) }))
      .filter(({ steps }) => steps.length > 0);
  const well = new Map(order.servers.map(({ node: { name } }) => [name, isWell(name)]));
  const guarded = meant(order.servers).map((work) => {
    const health = [...well].map(([node, isWell]) => ({ node, well: isWell, whyNot: whyNot?.(node) }));
    const refused = leaves(work.steps) ? quorumRefusal(work.node, health) : undefined;
    if (refused !== undefined) return { ...work, refused };
    well.set(work.node, true);
    return work;
  });
  return { servers: guarded, lanes: order.lanes.map(meant).filter((lane) => lane.length > 0) };
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
