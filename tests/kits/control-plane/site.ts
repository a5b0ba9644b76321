import { plannedNodes, planCluster } from "@isthmus/k3s";
import { parse } from "yaml";
import type { SitePlan } from "../../../plan/plans.ts";
import { isRecord, objectsIn, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { ClusterSettings } from "./cluster.ts";

const configFile = "/etc/rancher/k3s/config.yaml";

/** A control plane with the arguments and files that the plan gives to the servers of a site. */
export function settingsOf(plan: SitePlan): ClusterSettings {
  const server = plannedNodes(planCluster(plan.cluster)).find(({ node }) => node.role === "server");
  const files = server?.files ?? [];
  const config: unknown = parse(files.find(({ path }) => path === configFile)?.content ?? "");
  return {
    serviceCidr: plan.facts.kubernetes.serviceCidr,
    apiServerArguments: listOf(config, "kube-apiserver-arg"),
    controllerManagerArguments: listOf(config, "kube-controller-manager-arg"),
    files: Object.fromEntries(files.map(({ path, content }) => [path, content])),
  };
}

/** Objects that k3s applies from its folder of manifests. */
export function manifestsOf(plan: SitePlan): readonly KubernetesObject[] {
  const [server] = plannedNodes(planCluster(plan.cluster)).filter(({ node }) => node.role === "server");
  const files = (server?.files ?? []).filter(({ path }) => path.includes("/server/manifests/"));
  return files.flatMap(({ content }) => objectsIn(content));
}

function listOf(config: unknown, key: string): readonly string[] {
  const list = isRecord(config) ? config[key] : undefined;
  return Array.isArray(list) ? list.map(String) : [];
}
