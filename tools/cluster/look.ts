import { plannedNodes, scripts, statusParameters, type NodePlan } from "@isthmus/k3s";
import { ConnectionLostError, UnreachableError } from "@isthmus/remote/client";
import { compareCluster, hostStatus, type ClusterReport, type Looked } from "./compare.ts";
import type { DeployedCluster } from "./deployed.ts";
import { runScript } from "./run-script.ts";

/** Looks at every host of the cluster, side by side, and changes nothing. */
export async function lookAtCluster(cluster: DeployedCluster): Promise<ClusterReport> {
  const looked = await Promise.all(
    plannedNodes(cluster.plan).map(async (node) => [node.node.name, await look(cluster, node)] as const),
  );
  return compareCluster(cluster.plan, Object.fromEntries(looked));
}

/** A host whose disk hangs must not keep the others from being told of; in milliseconds. */
const longestLook = 60_000;

async function look({ plan, access }: DeployedCluster, node: NodePlan): Promise<Looked> {
  const { name } = node.node;
  if (access.hosts[name] === undefined) return { unknown: "was not deployed yet" };
  const step = { node: name, script: scripts.status, parameters: statusParameters(plan, node), secretNames: [] };
  try {
    const { status, stdout, said } = await runScript(access, step, { timeoutMs: longestLook });
    return status === 0
      ? { status: hostStatus.parse(JSON.parse(stdout)) }
      : { unknown: `could not be looked at: ${said.trim()}` };
  } catch (error) {
    if (error instanceof UnreachableError) return { unknown: `cannot be reached: ${error.message}` };
    if (error instanceof ConnectionLostError) return { unknown: `could not be looked at: ${error.message}` };
    throw error;
  }
}
