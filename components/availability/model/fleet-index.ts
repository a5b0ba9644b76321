import {
  mayRunOn,
  membersAt,
  unique,
  type CapabilityName,
  type NodeFacts,
  type SiteTopology,
  type Use,
  type Workload,
} from "@isthmus/core";
import { controlPlaneId, controlPlaneOf, type FleetFootprint, type PlacedService } from "./fleet.ts";

/** Where two members of a workload may never stand together; `anywhere`: no hard rule keeps them apart. */
export type Apart = "anywhere" | "node" | "host" | "site";

/** What the members of one site need of another service. */
export interface Need {
  readonly provider: IndexedService;
  readonly capability: CapabilityName;
  readonly to: Use["to"];
}

/** The members of a workload at one site. */
export interface Group {
  /** Place in the flat lists of numbers by group. */
  readonly id: number;
  readonly site: string;
  /** Members that find a node, as far as labels, taints, architectures and hard spread decide. */
  readonly placed: number;
  readonly eligible: readonly NodeFacts[];
  readonly needs: readonly Need[];
}

export interface IndexedWorkload {
  readonly workload: Workload;
  readonly apart: Apart;
  /** Whether there is one member per node. */
  readonly perNode: boolean;
  /** Members that conditions count, also those that find no node. */
  readonly total: number;
  readonly groups: readonly Group[];
}

export interface IndexedService {
  /** Place in the flat lists by service. */
  readonly index: number;
  readonly service: PlacedService;
  workloads: readonly IndexedWorkload[];
  /** Whether the fleet states it, or it is a control plane that was added. */
  readonly stated: boolean;
}

/** A fleet with everything looked up once. */
export interface FleetIndex {
  readonly sites: ReadonlyMap<string, SiteTopology>;
  readonly services: readonly IndexedService[];
  readonly controlPlanes: ReadonlyMap<string, IndexedService>;
  readonly groups: number;
}

export function indexFleet(fleet: FleetFootprint): FleetIndex {
  const known = new Set(fleet.services.map((service) => service.id));
  const added = fleet.topology.sites.flatMap((site) => {
    const server = site.nodes.find((node) => node.role === "server");
    return server === undefined || known.has(controlPlaneId(site.name)) ? [] : [controlPlaneOf(site, server.from)];
  });
  const services = [...fleet.services, ...added].map((service, index): IndexedService => {
    return { index, service, workloads: [], stated: index < fleet.services.length };
  });
  const byId = new Map(services.map((service) => [service.service.id, service]));
  const sites = new Map(fleet.topology.sites.map((site) => [site.name, site]));
  const groups = { next: 0 };
  for (const each of services) each.workloads = indexWorkloads({ each, byId, sites, groups });
  const controlPlanes = new Map<string, IndexedService>();
  for (const site of sites.keys()) {
    const controlPlane = byId.get(controlPlaneId(site));
    if (controlPlane !== undefined) controlPlanes.set(site, controlPlane);
  }
  return { sites, services, controlPlanes, groups: groups.next };
}

interface Indexing {
  readonly each: IndexedService;
  readonly byId: ReadonlyMap<string, IndexedService>;
  readonly sites: ReadonlyMap<string, SiteTopology>;
  readonly groups: { next: number };
}

function indexWorkloads({ each, byId, sites, groups }: Indexing): IndexedWorkload[] {
  const { service } = each;
  return service.workloads.map((workload) => {
    const apart = apartOf(service, workload);
    const perNode = "perNode" in workload.members;
    const at = [...sites.values()].filter((site) => service.site === undefined || site.name === service.site);
    const indexed = at.map((site): Group => {
      const eligible = site.nodes.filter((node) => mayStandOn(service, workload, node));
      const wanted = membersAt(workload, site.name) ?? eligible.length;
      const placed = eligible.length === 0 ? 0 : Math.min(wanted, domainsOf(eligible, apart) ?? wanted);
      return { id: groups.next++, site: site.name, placed, eligible, needs: needsOf(each, workload, { byId, site }) };
    });
    const total = perNode ? indexed.reduce((sum, group) => sum + group.placed, 0) : statedMembers(service, workload);
    return { workload, apart, perNode, total, groups: indexed };
  });
}

function statedMembers(service: PlacedService, workload: Workload): number {
  if (!("perSite" in workload.members)) return 0;
  if (service.site !== undefined) return workload.members.perSite[service.site] ?? 0;
  return Object.values(workload.members.perSite).reduce((sum, members) => sum + members, 0);
}

/** The control plane runs on servers; a process of the host heeds no taint; all else goes by labels, taints, architecture. */
function mayStandOn(service: PlacedService, workload: Workload, node: NodeFacts): boolean {
  if (service.id === controlPlaneId(node.site)) return node.role === "server";
  return mayRunOn(workload, workload.controller === "host" ? { ...node, taints: [] } : node);
}

function apartOf(service: PlacedService, workload: Workload): Apart {
  const over = workload.runsOn.spread.filter((rule) => rule.required).map((rule) => rule.over);
  const controlPlane = service.site !== undefined && service.id === controlPlaneId(service.site);
  if ("perNode" in workload.members || controlPlane) return "node";
  return (["site", "host", "node"] as const).find((domain) => over.includes(domain)) ?? "anywhere";
}

function needsOf(
  each: IndexedService,
  workload: Workload,
  { byId, site }: { byId: ReadonlyMap<string, IndexedService>; site: SiteTopology },
): Need[] {
  return workload.uses.flatMap((use) => {
    const id = each.service.providers[use.capability];
    const provider = id === undefined ? undefined : (byId.get(id) ?? byId.get(`${site.name}/${id}`));
    return provider === undefined ? [] : [{ provider, capability: use.capability, to: use.to }];
  });
}

/** In how many places that count as one each the nodes stand; `undefined` where members need not keep apart. */
export function domainsOf(nodes: readonly NodeFacts[], apart: Apart): number | undefined {
  return apart === "anywhere" ? undefined : unique(nodes.map((node) => domainOf(node, apart))).length;
}

export function domainOf(node: NodeFacts, apart: Exclude<Apart, "anywhere">): string {
  return { node: node.name, host: node.host, site: node.site }[apart];
}
