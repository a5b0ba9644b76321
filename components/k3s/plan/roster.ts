import { urlHost, type K3sNode } from "./node.ts";

/** A node as others know it before it joins. */
export type Peer = Pick<K3sNode, "name" | "role" | "address">;

/** How many nodes that are no servers a host looks for on the network: all of a hundred would take long and tell no more. */
const sample = 5;

export function rosterOf(nodes: readonly K3sNode[]): readonly Peer[] {
  return nodes.map(({ name, role, address }) => ({ name, role, address }));
}

/** Whom a node looks for on the network: all servers, and those that come after it in the order of names, in a ring. */
export function peersOf(node: Pick<Peer, "name">, roster: readonly Peer[]): readonly Peer[] {
  const others = roster.filter(({ name }) => name !== node.name);
  const rest = others.filter(({ role }) => role !== "server").sort((a, b) => (a.name < b.name ? -1 : 1));
  const next = rest.findIndex(({ name }) => name > node.name);
  const ring = next === -1 ? rest : [...rest.slice(next), ...rest.slice(0, next)];
  return [...others.filter(({ role }) => role === "server"), ...ring.slice(0, sample)];
}

/** Where servers are found, as it stands in a URL. */
export function serversAmong(peers: readonly Peer[]): readonly string[] {
  return peers.filter(({ role }) => role === "server").map(({ address }) => urlHost(address));
}

/** As a script reads it. */
export function peerText({ name, role, address }: Peer): string {
  return `${name}|${role}|${address}`;
}
