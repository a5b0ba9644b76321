import type { NodeFacts, Topology } from "@isthmus/core";

/** What may happen to a fleet. What is lost stays lost until a person fixes it; only `everything` comes back. */
export type Failure =
  | { readonly kind: "node"; readonly site: string; readonly node: string }
  | { readonly kind: "host"; readonly site: string; readonly host: string }
  | { readonly kind: "site"; readonly site: string }
  /** All sites are cut off from one another. */
  | { readonly kind: "link" }
  /** The power was off everywhere, and is back. */
  | { readonly kind: "everything" };

export type FailureKind = Failure["kind"];

/** Every single failure of a fleet: each node, each physical host, each site, the link, everything. */
export function failuresOf(topology: Topology): Failure[] {
  const sites = topology.sites;
  return [
    ...sites.flatMap((site) => site.nodes.map((node): Failure => ({ kind: "node", site: site.name, node: node.name }))),
    ...sites.flatMap((site) => site.hosts.map((host): Failure => ({ kind: "host", site: site.name, host }))),
    ...sites.map((site): Failure => ({ kind: "site", site: site.name })),
    ...(sites.length > 1 ? [{ kind: "link" } as const] : []),
    { kind: "everything" },
  ];
}

/** A failure as people say it. */
export function describeFailure(failure: Failure): string {
  switch (failure.kind) {
    case "node":
      return `node ${failure.node} of ${failure.site} is lost`;
    case "host":
      return `host ${failure.host} of ${failure.site} is lost`;
    case "site":
      return `${failure.site} is lost`;
    case "link":
      return "the link between the sites is cut";
    case "everything":
      return "the power was off everywhere";
  }
}

/** Whether a failure takes a node away for good. */
export function takes(failure: Failure, node: NodeFacts): boolean {
  switch (failure.kind) {
    case "node":
      return node.site === failure.site && node.name === failure.node;
    case "host":
      return node.site === failure.site && node.host === failure.host;
    case "site":
      return node.site === failure.site;
    case "link":
    case "everything":
      return false;
  }
}

/** The sites that go on, in groups that reach one another. */
export function sidesAfter(failure: Failure, topology: Topology): readonly (readonly string[])[] {
  const sites = topology.sites.map((site) => site.name);
  if (failure.kind === "link") return sites.map((site) => [site]);
  const left = failure.kind === "site" ? sites.filter((site) => site !== failure.site) : sites;
  return left.length === 0 ? [] : [left];
}
