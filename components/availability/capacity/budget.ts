import { type NodeFacts, type NodeRole, type SiteTopology, type Topology } from "@isthmus/core";
import { classifier } from "../model/equivalence.ts";
import { takes } from "../model/failure.ts";
import { indexFleet, type FleetIndex } from "../model/fleet-index.ts";
import type { PlacedService } from "../model/fleet.ts";
import { whyNoNode } from "../model/refusal.ts";
import {
  allocatableOf,
  capacityOf,
  firstFit,
  freeRoom,
  isFixed,
  isOverfull,
  largestFirst,
  loadsAt,
  missingText,
  placeable,
  requestsOf,
  systemReserve,
  type Amount,
  type Load,
} from "./room.ts";

/** What one node has, and what is asked of it. Memory in MiB, CPU in thousandths of a core, and pods. */
export interface NodeBudget {
  readonly site: string;
  readonly node: string;
  readonly role: NodeRole;
  readonly capacity: Amount;
  /** For the operating system and the kubelet. */
  readonly reserved: Amount;
  /** Requests of what stands on this node in any case: one per node, or a process of the host. */
  readonly fixed: Amount;
  /** The node's share of everything else, if members are spread evenly over the nodes that may have them. */
  readonly share: Amount;
  /** What is left, on that assumption; negative where it is too little. */
  readonly left: Amount;
}

/** Members that find no node: because none is permitted to have them, or because none has the room. */
export interface Unschedulable {
  readonly service: string;
  readonly workload: string;
  readonly members: number;
  readonly of: number;
  readonly because: "no node may have it" | "no room";
  /** Why no node takes them, in Kubernetes' terms, or what is missing on the node that comes closest. */
  readonly why: string;
}

export interface SiteBudget {
  readonly site: string;
  readonly capacity: Amount;
  /** What pods and the control plane may ask for. */
  readonly allocatable: Amount;
  readonly requested: Amount;
  /** Who finds no node while nothing is lost. */
  readonly unschedulable: readonly Unschedulable[];
  /** For each physical host: who finds no node when it is lost, but those whose disk is on it. Empty: all fits. */
  readonly afterLossOf: readonly { readonly host: string; readonly unschedulable: readonly Unschedulable[] }[];
}

export interface Budget {
  readonly nodes: readonly NodeBudget[];
  readonly sites: readonly SiteBudget[];
}

/** What every node and every site has, what is asked of it, and whether it still fits when a host is lost. */
export function budget(topology: Topology, services: readonly PlacedService[]): Budget {
  const index = indexFleet({ topology, services });
  const classOf = classifier(index);
  return {
    nodes: topology.sites.flatMap((site) => nodeBudgets(site, loadsAt(index, site.name))),
    sites: topology.sites.map((site) => siteBudget(index, site, classOf)),
  };
}

function nodeBudgets(site: SiteTopology, loads: readonly Load[]): NodeBudget[] {
  const fixed = new Map(site.nodes.map((node) => [node, nothing]));
  const share = new Map(site.nodes.map((node) => [node, nothing]));
  for (const { workload, group, members } of loads) {
    const sums = isFixed(workload) ? fixed : share;
    const each = times(requestsOf(workload), members / group.eligible.length);
    for (const node of group.eligible) sums.set(node, plus(sums.get(node) ?? nothing, each));
  }
  return site.nodes.map((node): NodeBudget => {
    const own = fixed.get(node) ?? nothing;
    const shared = share.get(node) ?? nothing;
    return {
      site: site.name,
      node: node.name,
      role: node.role,
      capacity: capacityOf(node),
      reserved: systemReserve,
      fixed: own,
      share: shared,
      left: plus(allocatableOf(node), times(plus(own, shared), -1)),
    };
  });
}

function siteBudget(index: FleetIndex, site: SiteTopology, classOf: ReturnType<typeof classifier>): SiteBudget {
  const loads = loadsAt(index, site.name);
  const known = new Map<string, Unschedulable[]>();
  const afterLossOf = site.hosts.map((host) => {
    const failure = { kind: "host", site: site.name, host } as const;
    const key = classOf(failure);
    const left = () => site.nodes.filter((node) => !takes(failure, node));
    const unschedulable = known.get(key) ?? unschedulableOn(index, left(), { loads, movingOnly: true });
    known.set(key, unschedulable);
    return { host, unschedulable };
  });
  return {
    site: site.name,
    capacity: sum(site.nodes.map(capacityOf)),
    allocatable: sum(site.nodes.map(allocatableOf)),
    requested: sum(loads.map(({ workload, members }) => times(requestsOf(workload), members))),
    unschedulable: [
      ...neverPlaced(index, site.name),
      ...unschedulableOn(index, site.nodes, { loads, movingOnly: false }),
    ],
    afterLossOf,
  };
}

/** Members that labels, taints, architectures or hard spread leave without a node. */
function neverPlaced(index: FleetIndex, site: string): Unschedulable[] {
  return index.services.flatMap(({ service, workloads }) =>
    workloads.flatMap(({ workload, apart, groups }): Unschedulable[] => {
      const placed = groups.find((group) => group.site === site)?.placed ?? 0;
      const wanted = "perSite" in workload.members ? (workload.members.perSite[site] ?? 0) : placed;
      if (service.site !== undefined && service.site !== site) return [];
      if (placed >= wanted) return [];
      const nodes = index.sites.get(site)?.nodes ?? [];
      const missing = {
        members: wanted - placed,
        of: wanted,
        because: "no node may have it" as const,
        why: whyNoNode({ workload, apart }, nodes),
      };
      return [{ service: service.id, workload: workload.name, ...missing }];
    }),
  );
}

/** Who finds no place on `nodes`; first come those that cannot move, then the largest. */
function unschedulableOn(
  index: FleetIndex,
  nodes: readonly NodeFacts[],
  { loads, movingOnly }: { loads: readonly Load[]; movingOnly: boolean },
): Unschedulable[] {
  const isBound = (load: Load) => load.workload.workload.stores?.moves === "nowhere";
  const sorted = largestFirst(loads.filter((load) => !isFixed(load.workload)));
  const queue = [...sorted.filter(isBound), ...sorted.filter((load) => !isBound(load))];
  const wanted = queue.map((load) => placeable(load, nodes));
  const free = freeRoom(nodes, loads);
  const fitted = firstFit(free, wanted);
  const overfull = [...free.values()].some(isOverfull);
  const fixed = overfull ? fixedThatDoNotFit(index, nodes, loads) : [];
  const rest = queue.flatMap((load, place): Unschedulable[] => {
    if (movingOnly && isBound(load)) return [];
    const permitted = wanted[place]?.members ?? 0;
    const { members: found = 0, missing } = fitted[place] ?? {};
    const name = { service: serviceOf(index, load), workload: load.workload.workload.name, of: load.members };
    return [
      {
        ...name,
        members: load.members - permitted,
        because: "no node may have it" as const,
        why: whyNoNode(load.workload, nodes),
      },
      {
        ...name,
        members: permitted - found,
        because: "no room" as const,
        why: missing === undefined ? "no node is left" : `the node that comes closest lacks ${missingText(missing)}`,
      },
    ].filter((each) => each.members > 0);
  });
  return [...fixed, ...rest];
}

/** Members that stand on every node, on nodes that are too small for all of these together. */
function fixedThatDoNotFit(index: FleetIndex, nodes: readonly NodeFacts[], loads: readonly Load[]): Unschedulable[] {
  const short = new Map([...freeRoom(nodes, loads)].filter(([, left]) => isOverfull(left)));
  const lacks = [...short.values()].map((left) => times(left, -1)).toSorted((a, b) => b.memory - a.memory);
  const why = lacks[0] === undefined ? "" : `what stands on every node asks for ${missingText(lacks[0])} too much`;
  return loads
    .filter((load) => isFixed(load.workload))
    .flatMap((load): Unschedulable[] => {
      const members = load.group.eligible.filter((node) => short.has(node)).length;
      if (members === 0) return [];
      const name = { service: serviceOf(index, load), workload: load.workload.workload.name };
      return [{ ...name, members, of: load.members, because: "no room", why }];
    });
}

function serviceOf(index: FleetIndex, load: Load): string {
  return index.services.find(({ workloads }) => workloads.includes(load.workload))?.service.id ?? "";
}

const nothing: Amount = { memory: 0, cpu: 0, pods: 0 };
const plus = (a: Amount, b: Amount): Amount => ({
  memory: a.memory + b.memory,
  cpu: a.cpu + b.cpu,
  pods: a.pods + b.pods,
});
const times = (a: Amount, factor: number): Amount => ({
  memory: a.memory * factor,
  cpu: a.cpu * factor,
  pods: a.pods * factor,
});
const sum = (amounts: readonly Amount[]): Amount => amounts.reduce(plus, nothing);
