import { scripts, statusParameters, type NodePlan, type Step } from "@isthmus/k3s";
import { askNodes, longestLook } from "./ask-nodes.ts";
import { compareCluster, hostStatus, type ClusterReport, type Looked } from "./compare.ts";
import { kubeconfigEndText } from "./kubeconfig.ts";
import type { DeployedCluster } from "./deployed.ts";

/** Looks at every host of the cluster, side by side, and changes nothing. */
export async function lookAtCluster(cluster: DeployedCluster): Promise<ClusterReport> {
  const { plan, kubeconfig } = cluster;
  const step = (node: NodePlan): Step => ({
    node: node.node.name,
    script: scripts.status,
    parameters: statusParameters(plan, node),
    secretNames: [],
  });
  const answers = await askNodes(cluster, { step, shape: hostStatus, timeoutMs: longestLook });
  const looked = Object.entries(answers).map(([name, answer]): [string, Looked] => [
    name,
    typeof answer === "string" ? { unknown: answer } : { status: answer },
  ]);
  const report = compareCluster(plan, Object.fromEntries(looked));
  const end = kubeconfig === undefined ? undefined : kubeconfigEndText(plan.name, kubeconfig);
  if (end === undefined) return report;
  return { ...report, kubeconfig: end.text, drift: [...report.drift, ...(end.soon ? [end.text] : [])] };
}
