import { toMebibytes, toMillicores, type Bytes, type Cpu, type NodeFacts } from "@isthmus/core";
import { plannedNodes, planCluster, type NodePlan } from "@isthmus/k3s";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { isRecord, listAt, mapAt, type KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { SitePlan } from "../../../plan/plans.ts";
import type { Api } from "./api.ts";
import { kubeletAnnotation, kubelets } from "./cluster.ts";

/** What a node has for pods: memory in MiB, CPU in thousandths of a core. */
export interface Room {
  readonly memory: number;
  readonly cpu: number;
  readonly pods: number;
}

/** A node as its kubelet registers it, of the machine that the stack files declare and the files that the plan gives it. */
export interface FakeNode {
  readonly object: KubernetesObject;
  readonly capacity: Room;
  readonly allocatable: Room;
  readonly architecture: string;
}

/** The nodes of a site, of which one may be lost later. */
export function nodesOf(plan: SitePlan, doomed?: string): readonly FakeNode[] {
  const planned = plannedNodes(planCluster(plan.cluster));
  return plan.facts.topology.nodes.map((facts) => {
    const own = planned.find(({ node }) => node.name === facts.name);
    if (own === undefined) throw new Error(`no files are planned for ${facts.name}`);
    return fakeNode(facts, own, facts.name === doomed);
  });
}

function fakeNode(facts: NodeFacts, { node, files }: NodePlan, doomed: boolean): FakeNode {
  const config: unknown = parse(files.find(({ path }) => path === "/etc/rancher/k3s/config.yaml")?.content ?? "");
  const args = isRecord(config) && Array.isArray(config["kubelet-arg"]) ? config["kubelet-arg"].map(String) : [];
  const capacity = {
    memory: toMebibytes(facts.memory),
    cpu: toMillicores(facts.cpu),
    pods: Number(last(args, "max-pods") ?? 110),
  };
  return {
    capacity,
    allocatable: lessReserved(capacity, args),
    architecture: facts.architecture,
    object: {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: facts.name,
        annotations: { [kubeletAnnotation]: doomed ? kubelets.doomed : kubelets.lasting },
        labels: {
          ...node.labels,
          // The kubelet's own, and k3s': https://kubernetes.io/docs/reference/node/node-labels/
          "kubernetes.io/hostname": facts.name,
          "kubernetes.io/arch": facts.architecture,
          "kubernetes.io/os": "linux",
          ...(node.role === "server" ? { "node-role.kubernetes.io/control-plane": "true" } : {}),
        },
      },
      spec: { taints: node.taints },
    },
  };
}

const last = (args: readonly string[], name: string): string | undefined =>
  args.findLast((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1);

/**
 * What the kubelet keeps from pods. It keeps no memory for evictions: k3s' own `eviction-hard` names disks alone.
 * https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/
 */
function lessReserved(capacity: Room, args: readonly string[]): Room {
  return ["system-reserved", "kube-reserved"].reduce((left, name) => {
    const amounts = new Map((last(args, name) ?? "").split(",").map((one) => one.split("=") as [string, string]));
    return {
      ...left,
      memory: left.memory - toMebibytes((amounts.get("memory") ?? "0Mi") as Bytes),
      cpu: left.cpu - toMillicores((amounts.get("cpu") ?? "0m") as Cpu),
    };
  }, capacity);
}

const quantities = ({ memory, cpu, pods }: Room): object => ({
  memory: `${memory}Mi`,
  cpu: `${cpu}m`,
  pods: String(pods),
});

/** Registers nodes and waits until pods may come. */
export async function register(api: Api, nodes: readonly FakeNode[]): Promise<void> {
  for (const { object, capacity, allocatable, architecture } of nodes) {
    const made = await api.create({ apiVersion: "v1", kind: "Node" }, object);
    const status = {
      capacity: quantities(capacity),
      allocatable: quantities(allocatable),
      nodeInfo: { architecture, operatingSystem: "linux" },
    };
    await api.merge({ ...made, apiVersion: "v1", kind: "Node" }, { status }, "/status");
  }
  const deadline = Date.now() + 60_000;
  for (;;) {
    const waiting = (await api.list({ apiVersion: "v1", kind: "Node" })).filter(isNotReady);
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`never ready: ${waiting.map(({ metadata }) => metadata.name).join(", ")}`);
    await sleep(300);
  }
}

const isNotReady = (node: KubernetesObject): boolean =>
  !listAt(mapAt(node, "status"), "conditions").some(({ type, status }) => type === "Ready" && status === "True") ||
  listAt(node, "spec", "taints").some(({ key }) => key === "node.kubernetes.io/not-ready");
