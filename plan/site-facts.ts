import {
  below,
  contains,
  controlPlaneTaint,
  topologyKey,
  usableRange,
  type Architecture,
  type Bytes,
  type DiskFacts,
  type NodeFacts,
  type SiteFacts,
  type SiteNetwork,
  type SnapshotFacts,
  type SourcePath,
} from "@isthmus/core";
import { longestPause, oldestSnapshot } from "@isthmus/k3s";
import { carriesWorkloads } from "../config/complete.ts";
import type { Model, SiteModel } from "../config/load.ts";

type NodeSettings = SiteModel["nodes"][string];

/** What services and rules see of a site: its settings without the parts that only machines need. */
export function siteFacts(site: SiteModel, model: Model): SiteFacts {
  const nodes = Object.entries(site.nodes).map(([name, node]) => nodeFacts({ name, node, site }));
  const domainOf = (name: string): string => `${name}.${model.fleet.domain}`;
  return {
    name: site.name,
    domain: domainOf(site.name),
    topology: { name: site.name, hosts: [...new Set(nodes.map((node) => node.host))], nodes },
    networks: networksOf(site),
    pools: Object.fromEntries(
      Object.entries(site.pools).map(([name, text]) => {
        const [first = "", last = first] = text.split("-");
        return [name, { name, first, last, from: below(site.from, "pools", name) }];
      }),
    ),
    kubernetes: {
      version: site.kubernetes.version,
      podCidr: site.kubernetes.clusterCidr,
      serviceCidr: site.kubernetes.serviceCidr,
      localStorage: !site.kubernetes.disable.includes("local-storage"),
      snapshots: snapshotFacts(site.kubernetes.snapshots),
    },
    peers: model.fleet.sites.filter((name) => name !== site.name).map((name) => ({ name, domain: domainOf(name) })),
  };
}

const networksOf = ({ networks, nodes }: SiteModel): SiteNetwork[] =>
  Object.entries(networks).map(([name, { cidr }]) => {
    const inside = Object.entries(nodes).filter(([, { address }]) => contains(usableRange(cidr), address));
    return { name, cidr, nodes: inside.map(([node]) => node) };
  });

function snapshotFacts({ schedule, s3 }: SiteModel["kubernetes"]["snapshots"]): SnapshotFacts {
  return {
    // A schedule by which none ever comes is refused.
    pauseMinutes: longestPause(schedule) ?? Infinity,
    oldestMinutes: oldestSnapshot(schedule),
    stored: s3 !== undefined,
  };
}

function nodeFacts({ name, node, site }: { name: string; node: NodeSettings; site: SiteModel }): NodeFacts {
  const from: SourcePath = below(site.from, "nodes", name);
  const physical = physicalFacts(name, node, site);
  const server = node.role === "server";
  return {
    name,
    site: site.name,
    role: node.role,
    address: node.address,
    overlayAddress: node.overlay,
    ...physical,
    ...maxPodsOf(site),
    labels: {
      ...node.labels,
      [topologyKey.node]: name,
      [topologyKey.host]: physical.host,
      [topologyKey.site]: site.name,
      [topologyKey.architecture]: physical.architecture,
      ...(server ? { "node-role.kubernetes.io/control-plane": "true" } : {}),
    },
    taints: server && !carriesWorkloads(site) ? [controlPlaneTaint, ...node.taints] : node.taints,
    from,
  };
}

/** A VM has what it is given, on its hypervisor; a machine is its own physical host. */
function physicalFacts(
  name: string,
  node: NodeSettings,
  site: SiteModel,
): Pick<NodeFacts, "host" | "architecture" | "cpu" | "memory" | "disks" | "sizesFrom"> {
  const at = below(site.from, "nodes", name);
  if (node.vm !== undefined) {
    const architecture: Architecture = site.hosts[node.vm.host]?.architecture ?? "amd64";
    return {
      host: node.vm.host,
      architecture,
      cpu: `${node.vm.cores}`,
      memory: node.vm.memory,
      disks: disksOf(node.vm, below(at, "vm")),
      sizesFrom: below(at, "vm"),
    };
  }
  if (node.machine === undefined) throw new Error(`${name} is neither a vm nor a machine`);
  const { architecture, cores, memory } = node.machine;
  const sizesFrom = below(at, "machine");
  return { host: name, architecture, cpu: `${cores}`, memory, disks: disksOf(node.machine, sizesFrom), sizesFrom };
}

/** Of an argument that is there twice the kubelet takes the last. */
function maxPodsOf({ kubernetes }: SiteModel): Pick<NodeFacts, "maxPods"> {
  const stated = kubernetes.kubeletArguments.findLast((argument) => argument.startsWith("max-pods="));
  const maxPods = Number(stated?.slice("max-pods=".length));
  return Number.isInteger(maxPods) && maxPods > 0 ? { maxPods } : {};
}

interface StatedDisks {
  readonly disk?: Bytes | undefined;
  readonly data?: { readonly size: Bytes; readonly mountPath: string } | undefined;
}

function disksOf({ disk, data }: StatedDisks, from: SourcePath): DiskFacts[] {
  return [
    ...(disk === undefined ? [] : [{ mountPath: "/", size: disk, from: below(from, "disk") }]),
    ...(data === undefined ? [] : [{ ...data, from: below(from, "data", "size") }]),
  ];
}
