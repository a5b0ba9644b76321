import {
  together,
  toMillicores,
  without,
  type NodeFacts,
  type PodPlaces,
  type ServiceContext,
  type Workload,
} from "@isthmus/core";
import { defaultRequest, nodesWithVolumes, type LonghornArgs } from "./schema.ts";

type Context = Pick<ServiceContext<LonghornArgs>, "args" | "site">;

/** CSI components that run as Deployments; the chart and the setting name them so. */
export const csiControllers = ["attacher", "provisioner", "resizer", "snapshotter"] as const;
/** Each container of the CSI components. */
export const csiContainer = { requests: { memory: "32Mi", cpu: "10m" }, limits: { memory: "128Mi" } } as const;
/** Beside it in each pod is one that keeps the share manager's image on the node: the LimitRange asks for it. */
const managerContainer = { requests: { memory: "192Mi", cpu: "100m" }, limits: { memory: "1Gi" } } as const;
/** Per cent of each node's CPU that its instance manager asks for: it moves the data of all volumes on the node. */
export const instanceManagerShare = 12;

/** All pods of Longhorn that stay; those of backup runs and upgrades come and go. */
export function longhornWorkloads(context: Context): Workload[] {
  const { args, site } = context;
  const alike = commonOf(context);
  const copies = nodesWithVolumes(context).length - args.replicas + 1;
  // Whichever nodes are lost: with this many left, one copy of every volume is among them.
  const dataAtHand = { kind: "atLeast", members: Math.max(1, copies) } as const;
  const perNode = { controller: "DaemonSet", members: { perNode: true } } as const;
  const one = { controller: "Deployment", members: { perSite: { [site.name]: 1 } } } as const;
  return [
    {
      ...alike,
      ...perNode,
      name: "manager",
      // It does not start where the host has no open-iscsi.
      hostPrograms: ["iscsiadm"],
      selector: { app: "longhorn-manager" },
      requests: together(managerContainer.requests, defaultRequest),
      limits: managerContainer.limits,
    },
    {
      ...alike,
      ...perNode,
      name: "instance-manager",
      controller: "operator",
      selector: { "longhorn.io/component": "instance-manager" },
      requests: { memory: defaultRequest.memory, cpu: `${instanceManagerCpu(site.topology.nodes)}m` },
      limits: { memory: "2Gi" },
      reads: dataAtHand,
      writes: dataAtHand,
      restarts: { by: "itself", within: "5m" },
    },
    // The manager makes these DaemonSets, not the chart.
    {
      ...alike,
      ...perNode,
      name: "engine-image",
      controller: "operator",
      selector: { "longhorn.io/component": "engine-image" },
    },
    {
      ...alike,
      ...perNode,
      name: "csi-plugin",
      controller: "operator",
      selector: { app: "longhorn-csi-plugin" },
      requests: { memory: "96Mi", cpu: "30m" },
      limits: { memory: "384Mi" },
    },
    { ...alike, ...one, name: "driver-deployer", selector: { app: "longhorn-driver-deployer" } },
    ...csiControllers.map((part) => ({ ...alike, ...csiController(part, site.name) })),
    ...(args.ui === undefined ? [] : [{ ...alike, ...one, name: "ui", selector: { app: "longhorn-ui" } }]),
  ];
}

function commonOf({ args }: Context) {
  return {
    architectures: ["amd64", "arm64"],
    requests: defaultRequest,
    limits: { memory: "256Mi" },
    uses: [],
    // Volumes that are attached go on without it; attaching and creating wait until it is back.
    reads: { kind: "nothing" },
    writes: { kind: "nothing" },
    restarts: { by: "itself", within: "3m" },
    runsOn: { required: [], preferred: [], tolerations: args.tolerations, spread: [] },
    reaches: [],
  } as const satisfies Partial<Workload>;
}

function csiController(part: (typeof csiControllers)[number], site: string) {
  return {
    name: `csi-${part}`,
    controller: "operator",
    members: { perSite: { [site]: 2 } },
    selector: { app: `csi-${part}` },
    ...csiContainer,
  } as const satisfies Partial<Workload>;
}

/** Thousandths of a core on the largest node; on smaller ones it is less. */
function instanceManagerCpu(nodes: readonly NodeFacts[]): number {
  return Math.ceil((Math.max(0, ...nodes.map((node) => toMillicores(node.cpu))) * instanceManagerShare) / 100);
}

/** Where each aspect stands. What Longhorn's manager creates takes its settings; the rest takes chart values. */
export function longhornPlaces({ args }: Context): Readonly<Record<string, PodPlaces>> {
  const byLimitRange = { byChart: "the chart has no key; the LimitRange of the namespace requests it" };
  const unlimited = { byChart: "the chart has no key: the container has no limit" };
  const everywhere = { byChart: "it runs on every node that is tolerated; the chart has no key" };
  const bySetting = { byChart: "defaultSettings.taintToleration holds it for all that the manager creates" };
  const csiAmounts = { byChart: "defaultSettings.systemManagedCSIComponentsResourceLimits holds it for all of CSI" };
  const managed = { requests: byLimitRange, limits: unlimited, affinity: everywhere, tolerations: bySetting };
  const csi = { requests: csiAmounts, limits: csiAmounts, tolerations: bySetting };
  const csiApart = { byChart: "csi.podAntiAffinityPreset holds it for all of CSI" };
  const aloneByChart = { byChart: "the chart runs exactly one, and has no key" };
  return {
    manager: {
      requests: { at: "longhornManager.resources.requests", as: without(defaultRequest) },
      limits: "longhornManager.resources.limits",
      affinity: everywhere,
      tolerations: "longhornManager.tolerations",
    },
    "instance-manager": {
      ...managed,
      requests: { byChart: "defaultSettings.guaranteedInstanceManagerCPU holds it as a share of each node's CPU" },
    },
    "engine-image": managed,
    "csi-plugin": { ...csi, affinity: everywhere },
    "driver-deployer": {
      replicas: aloneByChart,
      requests: byLimitRange,
      limits: unlimited,
      affinity: aloneByChart,
      tolerations: "longhornDriver.tolerations",
    },
    ...Object.fromEntries(
      csiControllers.map((part) => [
        `csi-${part}`,
        { ...csi, replicas: `csi.${part}ReplicaCount`, affinity: csiApart },
      ]),
    ),
    ...(args.ui === undefined ? {} : { ui: uiPlaces(byLimitRange, unlimited) }),
  };
}

const uiPlaces = (requests: { byChart: string }, limits: { byChart: string }): PodPlaces => ({
  replicas: "longhornUI.replicas",
  requests,
  limits,
  affinity: "longhornUI.affinity",
  tolerations: "longhornUI.tolerations",
});
