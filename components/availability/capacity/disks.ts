import {
  storesOf,
  tolerates,
  toMebibytes,
  type DiskFacts,
  type NodeFacts,
  type SiteTopology,
  type StorageClassFacts,
  type Topology,
} from "@isthmus/core";
import { takes } from "../model/failure.ts";
import { domainOf, indexFleet, type FleetIndex } from "../model/fleet-index.ts";
import type { PlacedService } from "../model/fleet.ts";
import { loadsAt, type Load } from "./room.ts";

/**
 * Per cent of a disk that ext4 takes for itself: an inode of 256 bytes for each 16 KiB are 1.6 %, and a journal.
 * https://github.com/tytso/e2fsprogs/blob/master/misc/mke2fs.conf.in
 */
export const fileSystemPercent = 2;

/** Copies of volumes of one kind on one disk. Sizes in MiB. */
export interface DiskUse {
  readonly service: string;
  readonly workload: string;
  readonly what: string;
  readonly volumes: number;
  readonly size: number;
}

/** A disk that holds volumes. Sizes in MiB. */
export interface DiskBudget {
  readonly site: string;
  readonly node: string;
  readonly mountPath: string;
  readonly capacity: number;
  /** What may be promised to volumes. */
  readonly forVolumes: number;
  /** What is promised, if volumes are placed one after another, the largest first, each where most is left. */
  readonly asked: number;
  readonly uses: readonly DiskUse[];
}

/** Copies of volumes that find no disk. */
export interface Unplaced {
  readonly service: string;
  readonly workload: string;
  readonly what: string;
  readonly copies: number;
  /** Of each, in MiB. */
  readonly size: number;
  readonly because: "no node may have it" | "no room";
}

export interface SiteDisks {
  readonly site: string;
  /** Nodes that hold volumes on a disk of which the stack files state no size: then nothing is said of the site. */
  readonly notStated: readonly string[];
  readonly unplaced: readonly Unplaced[];
  /** For each physical host: copies that cannot be made anew elsewhere when it is lost. */
  readonly afterLossOf: readonly { readonly host: string; readonly unplaced: readonly Unplaced[] }[];
}

export interface DisksBudget {
  readonly disks: readonly DiskBudget[];
  readonly sites: readonly SiteDisks[];
}

/** What the volumes of each site take of its disks, and whether lost copies find room when a host is lost. */
export function disksBudget(topology: Topology, services: readonly PlacedService[]): DisksBudget {
  const index = indexFleet({ topology, services });
  const all = topology.sites.map((site) => atSite(index, site));
  return { disks: all.flatMap(({ disks }) => disks), sites: all.map(({ site }) => site) };
}

interface Disk {
  readonly node: NodeFacts;
  readonly mountPath: string;
  /** Folders of StorageClasses that are on it. */
  readonly paths: readonly string[];
  readonly capacity: number;
  readonly forVolumes: number;
  readonly uses: { volume: Volume; size: number }[];
}

/** All volumes of one member that have to be on one node, or one volume that has copies. */
interface Volume {
  readonly service: string;
  readonly workload: string;
  readonly what: string;
  readonly count: number;
  readonly size: number;
  readonly of: StorageClassFacts;
  readonly load: Load;
}

function atSite(index: FleetIndex, site: SiteTopology): { disks: DiskBudget[]; site: SiteDisks } {
  const classes = index.services
    .filter(({ service }) => service.site === site.name)
    .flatMap(({ service }) => service.storageClasses ?? []);
  const volumes = volumesAt(index, site, classes);
  const used = unique(volumes.map((volume) => volume.of));
  const { disks, notStated } = disksOf(site, used);
  if (notStated.length > 0) return { disks: [], site: { site: site.name, notStated, unplaced: [], afterLossOf: [] } };
  const unplaced = placeAll(disks, volumes);
  const afterLossOf = site.hosts.map((host) => ({ host, unplaced: afterLoss(disks, volumes, { site, host }) }));
  return { disks: disks.map((disk) => told(site, disk)), site: { site: site.name, notStated, unplaced, afterLossOf } };
}

function volumesAt(index: FleetIndex, site: SiteTopology, classes: readonly StorageClassFacts[]): Volume[] {
  const volumes = index.services.flatMap(({ service, workloads }) =>
    loadsAt(index, site.name)
      .filter(({ workload }) => workloads.includes(workload))
      .flatMap((load) =>
        storesOf(load.workload.workload).flatMap((store): Volume[] => {
          const of = classes.find(({ name }) => name === store.storageClass);
          if (of === undefined) return [];
          const { what, volumes: each = 1 } = store;
          const name = { service: service.id, workload: load.workload.workload.name, what, of, load };
          const size = toMebibytes(store.size);
          // What follows its pod goes together; copies of other volumes are placed one volume after another.
          return of.follows === "pod"
            ? Array.from({ length: load.members }, () => ({ ...name, count: each, size }))
            : Array.from({ length: load.members * each }, () => ({ ...name, count: 1, size }));
        }),
      ),
  );
  const weight = ({ of, count, size }: Volume): number => (of.follows === "pod" ? 1e12 : 0) + count * size;
  return volumes.toSorted((a, b) => weight(b) - weight(a));
}

/** The disk of each node that a class of the site has volumes on. */
function disksOf(site: SiteTopology, classes: readonly StorageClassFacts[]): { disks: Disk[]; notStated: string[] } {
  const disks = new Map<string, Disk>();
  const notStated = new Set<string>();
  for (const one of classes) {
    for (const node of site.nodes.filter((candidate) => holdsOn(one, candidate))) {
      const found = diskOf(node, one.path);
      if (found === undefined) notStated.add(node.name);
      else {
        const key = `${node.name} ${found.mountPath}`;
        const capacity = toMebibytes(found.size);
        const forVolumes = Math.floor(
          (((capacity * (100 - fileSystemPercent)) / 100) *
            ((100 - one.reservedPercent) * one.overProvisioningPercent)) /
            10_000,
        );
        // Of two kinds of volumes on one disk the one that leaves more of it free decides.
        const { forVolumes: other = forVolumes, paths = [] } = disks.get(key) ?? {};
        const least = Math.min(forVolumes, other);
        const { mountPath } = found;
        disks.set(key, { node, mountPath, paths: [...paths, one.path], capacity, forVolumes: least, uses: [] });
      }
    }
  }
  return { disks: [...disks.values()], notStated: [...notStated] };
}

/** Whether taints of a node leave it to the class. */
export const holdsOn = ({ tolerations }: StorageClassFacts, node: NodeFacts): boolean =>
  node.taints.every((taint) => tolerates(tolerations, taint));

/** The disk of a node that holds a folder, as far as it is stated. */
export const diskOf = ({ disks = [] }: NodeFacts, path: string): DiskFacts | undefined =>
  disks
    .filter(({ mountPath }) => isBelow(path, mountPath))
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];

const isBelow = (path: string, mountPath: string): boolean =>
  mountPath === "/" || path === mountPath || path.startsWith(`${mountPath}/`);

const left = (disk: Disk): number => disk.forVolumes - disk.uses.reduce((sum, { size }) => sum + size, 0);

/** Puts all copies where they find room; returns those that found none. */
function placeAll(disks: readonly Disk[], volumes: readonly Volume[]): Unplaced[] {
  return summed(volumes.flatMap((volume) => missing(volume, disks, { wanted: volume.of.copies })));
}

/** Copies of a volume that find no disk among `disks`; those that do are put there. */
function missing(volume: Volume, disks: readonly Disk[], { wanted }: { wanted: number }): Unplaced[] {
  const size = volume.count * volume.size;
  const { service, workload, what, count } = volume;
  const lost = (copies: number, because: Unplaced["because"]): Unplaced[] =>
    copies === 0 ? [] : [{ service, workload, what, copies: copies * count, size: volume.size, because }];
  for (let copy = 0; copy < wanted; copy += 1) {
    const permitted = disks.filter((disk) => permits(disk, volume, disks));
    if (permitted.length === 0) return lost(wanted - copy, "no node may have it");
    const [best] = permitted.filter((disk) => left(disk) >= size).toSorted((a, b) => left(b) - left(a));
    if (best === undefined) return lost(wanted - copy, "no room");
    best.uses.push({ volume, size });
  }
  return [];
}

function permits(disk: Disk, volume: Volume, disks: readonly Disk[]): boolean {
  const { of, load } = volume;
  if (!disk.paths.includes(of.path) || !holdsOn(of, disk.node)) return false;
  const holders = disks.filter(({ uses }) => uses.some((use) => use.volume === volume)).map(({ node }) => node);
  if (holders.includes(disk.node)) return false;
  if (of.apartByHost && holders.some(({ host }) => host === disk.node.host)) return false;
  if (of.follows === "nothing") return true;
  if (!load.group.eligible.includes(disk.node)) return false;
  const { apart } = load.workload;
  if (apart === "anywhere") return true;
  // Members of one workload keep apart, and with them what is on their nodes.
  const taken = disks.filter(({ uses }) =>
    uses.some((use) => use.volume.load.workload === load.workload && use.volume.what === volume.what),
  );
  return taken.every(({ node }) => domainOf(node, apart) !== domainOf(disk.node, apart));
}

/** Copies of volumes on a lost host that find no disk on the others. What follows its pod waits for its node. */
function afterLoss(
  disks: readonly Disk[],
  volumes: readonly Volume[],
  { site, host }: { site: SiteTopology; host: string },
): Unplaced[] {
  const isLost = ({ node }: Disk): boolean => takes({ kind: "host", site: site.name, host }, node);
  const others = disks.filter((disk) => !isLost(disk)).map((disk) => ({ ...disk, uses: [...disk.uses] }));
  const gone = disks.filter(isLost).flatMap(({ uses }) => uses.map(({ volume }) => volume));
  return summed(
    volumes
      .filter((volume) => volume.of.follows === "nothing")
      .flatMap((volume) => missing(volume, others, { wanted: gone.filter((one) => one === volume).length })),
  );
}

/** One line for each kind of volume. */
function summed(all: readonly Unplaced[]): Unplaced[] {
  const kinds = new Map<string, Unplaced>();
  for (const one of all) {
    const key = [one.service, one.workload, one.what, one.because].join(" ");
    const copies = (kinds.get(key)?.copies ?? 0) + one.copies;
    kinds.set(key, { ...one, copies });
  }
  return [...kinds.values()];
}

function told(site: SiteTopology, disk: Disk): DiskBudget {
  const uses = new Map<string, DiskUse>();
  for (const { volume, size } of disk.uses) {
    const { service, workload, what, count } = volume;
    const key = [service, workload, what].join(" ");
    const before = uses.get(key) ?? { service, workload, what, volumes: 0, size: 0 };
    uses.set(key, { ...before, volumes: before.volumes + count, size: before.size + size });
  }
  const { capacity, forVolumes, mountPath } = disk;
  const asked = forVolumes - left(disk);
  return {
    site: site.name,
    node: disk.node.name,
    mountPath,
    capacity,
    forVolumes,
    asked,
    uses: [...uses.values()].toSorted((a, b) => b.size - a.size),
  };
}

const unique = (classes: readonly StorageClassFacts[]): StorageClassFacts[] => [...new Set(classes)];
