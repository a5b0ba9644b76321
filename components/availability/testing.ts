import assert from "node:assert/strict";
import { assess } from "./answer/assess.ts";
import type { Failure } from "./model/failure.ts";
import type { Assessment } from "./model/verdict.ts";
import { topologyKey, type NodeFacts, type SiteTopology, type SourcePath, type Workload } from "@isthmus/core";
import type { FleetFootprint, PlacedService } from "./model/fleet.ts";

/** Small fleets for tests. */
const from: SourcePath = "Pulumi.test.yaml#/test";

export function node(name: string, site: string, over: Partial<NodeFacts> = {}): NodeFacts {
  const host = over.host ?? `${name}-host`;
  return {
    name,
    site,
    host,
    role: "agent",
    architecture: "amd64",
    address: "10.0.20.10",
    cpu: "8",
    memory: "32Gi",
    taints: [],
    from,
    ...over,
    labels: { [topologyKey.node]: name, [topologyKey.host]: host, [topologyKey.site]: site, ...over.labels },
  };
}

export function site(name: string, nodes: readonly NodeFacts[]): SiteTopology {
  return { name, hosts: [...new Set(nodes.map((each) => each.host))], nodes };
}

/** A site with so many servers and agents, each on a host of its own. */
export function plainSite(name: string, servers = 3, agents = 3): SiteTopology {
  return site(name, [
    ...Array.from({ length: servers }, (_, i) => node(`${name}-server-${i + 1}`, name, { role: "server" })),
    ...Array.from({ length: agents }, (_, i) => node(`${name}-agent-${i + 1}`, name)),
  ]);
}

export function workload(over: Partial<Workload> = {}): Workload {
  return {
    name: "main",
    controller: "Deployment",
    members: { perSite: { a: 1 } },
    selector: { app: "main" },
    requests: { memory: "256Mi", cpu: "100m" },
    limits: { memory: "256Mi" },
    architectures: ["amd64", "arm64"],
    uses: [],
    reads: { kind: "any" },
    writes: { kind: "any" },
    restarts: { by: "itself", within: "30s" },
    runsOn: { required: [], preferred: [], tolerations: [], spread: [] },
    reaches: [],
    ...over,
  };
}

export const apartOver = (over: "node" | "host" | "site"): Workload["runsOn"] => ({
  required: [],
  preferred: [],
  tolerations: [],
  spread: [{ over, required: true }],
});

export const localDisk: NonNullable<Workload["stores"]> = {
  what: "its data",
  size: "10Gi",
  moves: "nowhere",
  freedFromDeadNode: false,
  backup: { none: "a test" },
};

export const longhorn: NonNullable<Workload["stores"]> = {
  ...localDisk,
  storageClass: "longhorn",
  moves: "site",
  freedFromDeadNode: true,
  backup: { by: "Velero", to: "site b", every: "1d" },
};

/** `site/instance` stands at a site, `instance` spans them. */
export function service(
  id: string,
  of: Workload | readonly Workload[],
  providers: PlacedService["providers"] = {},
): PlacedService {
  const at = id.includes("/") ? id.split("/")[0] : undefined;
  const workloads = Array.isArray(of) ? (of as readonly Workload[]) : [of as Workload];
  return { id, ...(at === undefined ? {} : { site: at }), workloads, providers, from };
}

/** Vault as Raft voters; a person unseals each one that restarts. */
export function vault(perSite: Readonly<Record<string, number>>, over: Partial<Workload> = {}): Workload {
  return workload({
    name: "vault",
    controller: "StatefulSet",
    members: { perSite },
    writes: { kind: "majority" },
    reads: { kind: "majority" },
    restarts: { by: "person", steps: ["unseal each Vault member: vault operator unseal"] },
    runsOn: apartOver("node"),
    stores: { ...localDisk, what: "secrets" },
    ...over,
  });
}

/** MinIO with four drives, EC:2: https://github.com/minio/minio/blob/master/docs/erasure */
export function minio(perSite: Readonly<Record<string, number>>, over: Partial<Workload> = {}): Workload {
  return workload({
    name: "minio",
    controller: "StatefulSet",
    members: { perSite },
    reads: { kind: "atLeast", members: 2 },
    writes: { kind: "atLeast", members: 3 },
    runsOn: apartOver("node"),
    stores: { ...localDisk, what: "objects" },
    ...over,
  });
}

export const lostSite = (site: string): Failure => ({ kind: "site", site });
export const lostNode = (node: string, site = "a"): Failure => ({ kind: "node", site, node });
export const lostHost = (host: string, site = "a"): Failure => ({ kind: "host", site, host });
export const link: Failure = { kind: "link" };
export const everything: Failure = { kind: "everything" };

/** Two sites of three plain nodes each. */
export const twoSites = { sites: [plainSite("a"), plainSite("b")] };

/** What becomes of one service by one failure: of these services over two plain sites, or of a whole fleet. */
export function verdict(failure: Failure, id: string, of: readonly PlacedService[] | FleetFootprint): Assessment {
  const fleet = "topology" in of ? of : { topology: twoSites, services: of };
  const found = assess(fleet, [failure]).find((each) => each.service === id);
  assert.ok(found);
  return found;
}
/** Its state at once, and where it ends by itself. */
export const course = ({ during, after }: Assessment) => `${during} → ${after}`;
