import { formatMebibytes, formatMillicores, toMebibytes, toMillicores, type NodeFacts } from "@isthmus/core";
import { domainOf, type FleetIndex, type Group, type IndexedWorkload } from "../model/fleet-index.ts";

/**
 * What the operating system, the kubelet and containerd take on every node, before any pod: 275 MB and 3 % to 10 % of a
 * core for the k3s agent (https://docs.k3s.io/reference/resource-profiling), the rest for Debian itself. A server's own
 * part comes on top, with the footprint of the control plane.
 */
export const systemReserve = {
  memory: 512,
  cpu: 150,
  // Of k3s itself, in no footprint: CoreDNS, metrics-server and local-path's provisioner, which may meet on one node, and kube-vip.
  pods: 4,
} as const;

/**
 * Pods that a kubelet takes, `maxPods`, which k3s leaves as it is: SetDefaults_KubeletConfiguration in
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/kubelet/apis/config/v1beta1/defaults.go
 */
const podsPerNode = 110;

/** Memory in MiB, CPU in thousandths of a core, and pods. */
export interface Amount {
  readonly memory: number;
  readonly cpu: number;
  readonly pods: number;
}

/** All that a node has. */
export const capacityOf = (node: NodeFacts): Amount => ({
  memory: toMebibytes(node.memory),
  cpu: toMillicores(node.cpu),
  pods: node.maxPods ?? podsPerNode,
});

/** What a node has for pods. */
export function allocatableOf(node: NodeFacts): Amount {
  return minus(capacityOf(node), systemReserve);
}

export function requestsOf(workload: IndexedWorkload): Amount {
  const { controller, requests } = workload.workload;
  return { memory: toMebibytes(requests.memory), cpu: toMillicores(requests.cpu), pods: controller === "host" ? 0 : 1 };
}

/** Members that stand on given nodes and nowhere else: one per node, or a process of the host. */
export const isFixed = (workload: IndexedWorkload): boolean =>
  workload.perNode || workload.workload.controller === "host";

/** A workload's members at one site, so many of them. */
export interface Load {
  readonly workload: IndexedWorkload;
  readonly group: Group;
  readonly members: number;
}

/** All workloads at a site. */
export function loadsAt(index: FleetIndex, site: string): Load[] {
  return index.services.flatMap(({ workloads }) =>
    workloads.flatMap((workload) =>
      workload.groups
        .filter((group) => group.site === site && group.placed > 0)
        .map((group) => ({ workload, group, members: group.placed })),
    ),
  );
}

/** What is left on each node when the members that stand there in any case are counted. */
export function freeRoom(nodes: readonly NodeFacts[], loads: readonly Load[]): Map<NodeFacts, Amount> {
  const free = new Map(nodes.map((node) => [node, allocatableOf(node)]));
  for (const { workload, group } of loads.filter((load) => isFixed(load.workload))) {
    for (const node of group.eligible) take(free, node, requestsOf(workload));
  }
  return free;
}

function take(free: Map<NodeFacts, Amount>, node: NodeFacts, request: Amount): void {
  const left = free.get(node);
  if (left !== undefined) free.set(node, minus(left, request));
}

const minus = (a: Amount, b: Amount): Amount => ({
  memory: a.memory - b.memory,
  cpu: a.cpu - b.cpu,
  pods: a.pods - b.pods,
});

/** Whether more is asked of a node than it has. */
export const isOverfull = ({ memory, cpu, pods }: Amount): boolean => memory < 0 || cpu < 0 || pods < 0;

/** What became of one load: how many members found a node, and, where some did not, what was missing for one more. */
export interface Fit {
  readonly members: number;
  /** On the node that lacked the least memory; positive where there is too little. Absent: all fitted, or no node was left. */
  readonly missing?: Amount;
}

/**
 * Puts members on the first node that may have them and has room, in the order of `loads`. What fits so fits in truth;
 * what does not might with a cleverer arrangement.
 */
export function firstFit(free: Map<NodeFacts, Amount>, loads: readonly Load[]): Fit[] {
  return loads.map((load) => {
    const request = requestsOf(load.workload);
    const { apart } = load.workload;
    const taken = new Set<string>();
    const isTaken = (node: NodeFacts) => apart !== "anywhere" && taken.has(domainOf(node, apart));
    let fitted = 0;
    for (const node of load.group.eligible) {
      while (fitted < load.members && !isTaken(node) && hasRoom(free.get(node), request)) {
        if (apart !== "anywhere") taken.add(domainOf(node, apart));
        take(free, node, request);
        fitted += 1;
      }
      if (fitted === load.members) return { members: fitted };
    }
    const open = load.group.eligible.filter((node) => !isTaken(node)).flatMap((node) => free.get(node) ?? []);
    const [missing] = open.map((left) => minus(request, left)).toSorted((a, b) => a.memory - b.memory || a.cpu - b.cpu);
    return { members: fitted, ...(missing === undefined ? {} : { missing }) };
  });
}

/** What is missing on a node, as a person would have to add it: `1.5 GiB of memory and 0.2 cores`. */
export function missingText({ memory, cpu, pods }: Amount): string {
  const parts = [
    ...(memory > 0 ? [`${formatMebibytes(Math.ceil(memory))} of memory`] : []),
    ...(cpu > 0 ? [`${formatMillicores(cpu)} cores`] : []),
    ...(pods > 0 ? [`room for ${pods} pod${pods === 1 ? "" : "s"}`] : []),
  ];
  return parts.join(" and ");
}

function hasRoom(left: Amount | undefined, request: Amount): boolean {
  return left !== undefined && !isOverfull(minus(left, request));
}

/** The largest members first, so that small ones fill the gaps. */
export function largestFirst(loads: readonly Load[]): Load[] {
  return loads.toSorted((a, b) => requestsOf(b.workload).memory - requestsOf(a.workload).memory);
}

/**
 * How many members of each load find room on `nodes` when everything else is there already: the worst place in the queue
 * for each of them. Loads that all fit together are not asked one by one.
 */
export function roomFor(nodes: readonly NodeFacts[], loads: readonly Load[]): (load: Load) => Fit {
  const movable = largestFirst(loads.filter((load) => !isFixed(load.workload))).map((load) => placeable(load, nodes));
  const together = firstFit(freeRoom(nodes, loads), movable);
  if (together.every((fit, place) => fit.members === movable[place]?.members)) return ({ members }) => ({ members });
  return (load) => {
    const others = movable.filter((other) => other.group !== load.group);
    return firstFit(freeRoom(nodes, loads), [...others, placeable(load, nodes)]).at(-1) ?? { members: 0 };
  };
}

/** No more members than places are left for: who finds no place takes no room. */
export function placeable(load: Load, nodes: readonly NodeFacts[]): Load {
  const left = new Set(nodes);
  const eligible = load.group.eligible.filter((node) => left.has(node));
  const { apart } = load.workload;
  const places = apart === "anywhere" ? load.members : new Set(eligible.map((node) => domainOf(node, apart))).size;
  return { ...load, members: eligible.length === 0 ? 0 : Math.min(load.members, places) };
}
