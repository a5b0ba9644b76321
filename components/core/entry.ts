import { z } from "zod";
import type { Needs } from "./capability.ts";
import type { MovedKey } from "./moved-keys.ts";
import type { AddressClaim, PortClaim } from "./service.ts";
import { shapes } from "./shapes.ts";
import { below, type SourcePath } from "./source-path.ts";
import type { NodeFacts, NodeNetwork, SiteTopology } from "./topology.ts";

/**
 * Ports on every node that Kubernetes gives to no Service by itself: the static band of `30000-32767`, the range that k3s
 * has by default. What takes one of them meets neither a port that was handed out to another Service nor one that the host,
 * k3s or a pod listens on: https://kubernetes.io/docs/concepts/services-networking/service/#avoid-nodeport-collisions
 */
export const nodePorts = { first: 30000, last: 30085 } as const;

const portMeant = `a port from ${nodePorts.first} to ${nodePorts.last}: those that Kubernetes gives to no Service by itself, and that nothing on a node listens on`;

const onNodes = z.strictObject({
  network: z
    .enum(["overlay", "site"])
    .describe("overlay: the nodes' overlay addresses. site: their addresses on the site's own network."),
  port: z
    .int(portMeant)
    .min(nodePorts.first, portMeant)
    .max(nodePorts.last, portMeant)
    .describe(`The port on every node, ${nodePorts.first} to ${nodePorts.last}, one for each service of the site.`),
});

const onPool = z.strictObject({
  pool: shapes.name.describe("A pool of the site's own network, such as private."),
  address: shapes.address.describe("The address out of the pool, which the load balancer announces."),
});

/** Where others reach a service: at a port on addresses that nodes own, or at an address of its own on the site's network. */
export const entryShape = z
  .union([onNodes, onPool])
  .describe(
    "Where it is reached. { network: overlay, port: 30010 }: at that port on the overlay address of every node, for other sites too; its name lists them all. { pool: private, address: 10.0.20.211 }: at an address of its own on the site's network.",
  );

export type Entry = z.infer<typeof entryShape>;

const poolMoved: MovedKey = {
  to: "reach",
  fix: `write reach: { network: overlay, port: ${nodePorts.first + 10} } where other sites reach it, at a port on the nodes' own addresses; or reach: { pool: NAME, address: ADDRESS } for an address on the site's own network`,
};

/** `pool` and `address` stood beside the other arguments before there was `reach`. */
export const movedToReach: Readonly<Record<string, MovedKey>> = { pool: poolMoved, address: poolMoved };

/** Of a service whose addresses are announced: the capability; nodes' own addresses need nobody. */
export const entryRequires = (entry: Entry): readonly "loadBalancer"[] => ("pool" in entry ? ["loadBalancer"] : []);

/** The port that others connect to; `own` is the one that the service has on an address of its own. */
export const entryPort = (entry: Entry, own: number): number => ("pool" in entry ? own : entry.port);

/** Addresses that its certificate names beside the host name: nodes come and go, and are reached by name. */
export const entryAddresses = (entry: Entry): readonly string[] => ("pool" in entry ? [entry.address] : []);

/** The `Service` behind an entry. */
export type EntryService =
  | { readonly type: "NodePort"; readonly nodePort: number; readonly annotations: Readonly<Record<string, string>> }
  | { readonly type: "LoadBalancer"; readonly annotations: Readonly<Record<string, string>> };

export function entryService(entry: Entry, needs: Needs): EntryService {
  if ("port" in entry) return { type: "NodePort", nodePort: entry.port, annotations: {} };
  return { type: "LoadBalancer", annotations: { [needs.get("loadBalancer").addressAnnotation]: entry.address } };
}

export interface EntryNames {
  readonly name: string;
  readonly hostName: string;
  /** Where the entry stands in the stack files. */
  readonly from: SourcePath;
}

/** What an entry claims, for the service's footprint. */
export function entryClaims(
  entry: Entry,
  { from, ...names }: EntryNames,
): { readonly addresses: readonly AddressClaim[]; readonly ports: readonly PortClaim[] } {
  return "pool" in entry
    ? { addresses: [{ ...names, ...entry, from: below(from, "address") }], ports: [] }
    : { addresses: [], ports: [{ ...names, ...entry, from: below(from, "port") }] };
}

/** The address of a node on a network, if it has one there. */
const addressOn = (node: NodeFacts, network: NodeNetwork): string | undefined =>
  network === "overlay" ? node.overlayAddress : node.address;

/** The nodes at whose addresses a port is reached, with these: all that have one, whichever of them the pods run on. */
export function nodesOn(site: SiteTopology, network: NodeNetwork): { readonly node: NodeFacts; address: string }[] {
  return site.nodes.flatMap((node) => {
    const address = addressOn(node, network);
    return address === undefined ? [] : [{ node, address }];
  });
}
