import { getAt, toMillicores, type NodeFacts } from "@isthmus/core";
import { isRecord, textAt, type Json, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { SitePlan } from "../../../plan/plans.ts";
import type { PlacedRelease } from "../../../plan/service-plans.ts";

/**
 * What Longhorn's manager makes of the settings that its chart hands to it, no chart shows it. After longhorn-manager v1.12.1:
 * csi/deployment_util.go (getCommonDeployment), csi/deployment.go (NewPluginDeployment), controller/engine_image_controller.go
 * (createEngineImageDaemonSetSpec), controller/instance_manager_controller.go (createGenericManagerPodSpec),
 * controller/controller_manager.go (GetInstanceManagerCPURequirement).
 */
export function madeByLonghorn(plan: SitePlan): readonly KubernetesObject[] {
  const release = plan.services.flatMap(({ releases }) => releases).find(({ chart }) => chart.name === "longhorn");
  if (release === undefined) return [];
  const setting = (name: string): string => textAt(release.values, "defaultSettings", name) ?? "";
  const tolerations = tolerationsIn(setting("taintToleration"));
  const make = { namespace: release.namespace, tolerations, amounts: JSON.parse(setting(csiResources)) as Json };
  const share = Number((JSON.parse(setting("guaranteedInstanceManagerCPU")) as { readonly v1: string }).v1);
  return [
    ...["attacher", "provisioner", "resizer", "snapshotter"].map((part) => csiDeployment(part, release, make)),
    daemonSet("longhorn-csi-plugin", { app: "longhorn-csi-plugin" }, { ...make, containers: pluginContainers }),
    daemonSet(
      "engine-image-ei",
      { "longhorn.io/component": "engine-image" },
      { ...make, containers: ["engine-image-ei"] },
    ),
    ...plan.facts.topology.nodes
      .filter((node) => isOpen(node, tolerations))
      .map((node) => instanceManager(node, share, make)),
  ];
}

const csiResources = "systemManagedCSIComponentsResourceLimits";
const pluginContainers = ["node-driver-registrar", "longhorn-liveness-probe", "longhorn-csi-plugin"];

interface Making {
  readonly namespace: string;
  readonly tolerations: readonly Json[];
  /** Of containers, by name. */
  readonly amounts: Json;
}

/** `key=value:effect` or `key:effect`, with semicolons between: https://longhorn.io/docs/1.12.1/references/settings/ */
const tolerationsIn = (text: string): readonly Json[] =>
  text
    .split(";")
    .filter((one) => one !== "")
    .map((one) => {
      const [taint = "", effect = ""] = one.split(":");
      const [key, value] = taint.split("=");
      return value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect };
    });

const isOpen = ({ taints }: NodeFacts, tolerations: readonly Json[]): boolean =>
  taints.every(({ key, effect }) => tolerations.some((one) => one["key"] === key && one["effect"] === effect));

const container = (name: string, amounts: Json): Json => ({
  name,
  image: "nobody-pulls-it",
  ...(isRecord(amounts[name]) ? { resources: amounts[name] } : {}),
});

function csiDeployment(
  part: string,
  { values }: PlacedRelease,
  { namespace, tolerations, amounts }: Making,
): KubernetesObject {
  const name = `csi-${part}`;
  const labels = { app: name };
  const term = {
    labelSelector: { matchExpressions: [{ key: "app", operator: "In", values: [name] }] },
    topologyKey: "kubernetes.io/hostname",
  };
  const soft = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] };
  const hard = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: Number(getAt(values, `csi.${part}ReplicaCount`)),
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels },
        spec: {
          tolerations,
          affinity: { podAntiAffinity: textAt(values, "csi", "podAntiAffinityPreset") === "hard" ? hard : soft },
          containers: [container(name, amounts)],
        },
      },
    },
  };
}

function daemonSet(
  name: string,
  labels: Readonly<Record<string, string>>,
  { namespace, tolerations, amounts, containers }: Making & { readonly containers: readonly string[] },
): KubernetesObject {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { tolerations, containers: containers.map((one) => container(one, amounts)) },
      },
    },
  };
}

/** One on each node, which it is told. */
function instanceManager(node: NodeFacts, share: number, { namespace, tolerations }: Making): KubernetesObject {
  const cpu = `${Math.round((toMillicores(node.cpu) * share) / 100)}m`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `instance-manager-${node.name}`,
      namespace,
      labels: { "longhorn.io/component": "instance-manager" },
    },
    spec: {
      nodeName: node.name,
      restartPolicy: "Never",
      tolerations,
      containers: [{ ...container("instance-manager", {}), resources: { requests: { cpu } } }],
    },
  };
}
