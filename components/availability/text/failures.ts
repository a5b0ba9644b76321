import { unique, type SiteTopology, type Topology } from "@isthmus/core";
import type { Failure } from "../model/failure.ts";

/** Any of some failures as part of a sentence: `losing any host of site-a or site-b`, `a power cut everywhere`. */
export function whenText(failures: readonly Failure[], topology: Topology): string {
  const sites = topology.sites.map((site) => ({
    name: site.name,
    what: whatIsLost(
      failures.filter((failure) => "site" in failure && failure.site === site.name),
      site,
    ),
  }));
  const whats = unique(sites.map(({ what }) => what).filter((what) => what !== ""));
  const lost = whats.map((what) => {
    const names = sites.filter((site) => site.what === what).map(({ name }) => name);
    if (what === wholeSite) return oneOf(names);
    const clear = sites.length === 1 || (names.length === sites.length && !/\b(?:node|host)s? [^o]/.test(what));
    return clear ? what : `${what} of ${oneOf(names)}`;
  });
  return [
    ...(lost.length === 0 ? [] : [`losing ${lost.join(", or ")}`]),
    ...(failures.some(({ kind }) => kind === "link") ? ["a cut link between the sites"] : []),
    ...(failures.some(({ kind }) => kind === "everything") ? ["a power cut everywhere"] : []),
  ].join(", or ");
}

const wholeSite = "all";

function whatIsLost(failures: readonly Failure[], site: SiteTopology): string {
  if (failures.some(({ kind }) => kind === "site") && failures.every(({ kind }) => kind === "site")) return wholeSite;
  const nodes = unique(failures.flatMap((failure) => (failure.kind === "node" ? [failure.node] : [])));
  const hosts = unique(failures.flatMap((failure) => (failure.kind === "host" ? [failure.host] : [])));
  const lost = failures.some(({ kind }) => kind === "site") ? ["all"] : [];
  const anyHost = isAll(hosts, site.hosts);
  const theirs = !anyHost && nodes.length > 0 && areUnder(nodes, hosts, site);
  if (theirs) return oneOf([`${nodesText(nodes, site)} or its host`, ...lost]);
  if (anyHost && nodes.length > 0 && nodesText(nodes, site) === "any node") return oneOf(["any node or host", ...lost]);
  return oneOf(
    [nodesText(nodes, site), anyHost ? "any host" : listed("host", hosts), ...lost].filter((text) => text !== ""),
  );
}

/** Nodes by their role where that says which they are. */
export function nodesText(names: readonly string[], site: SiteTopology): string {
  const ofRole = (role?: "server" | "agent") =>
    site.nodes.filter((node) => role === undefined || node.role === role).map(({ name }) => name);
  if (isAll(names, ofRole())) return "any node";
  if (isAll(names, ofRole("agent"))) return "any agent";
  if (isAll(names, ofRole("server"))) return "any server";
  return listed("node", names);
}

/** Whether several names are all there are. */
export const isAll = (names: readonly string[], all: readonly string[]): boolean =>
  names.length > 1 && names.length === all.length && all.every((name) => names.includes(name));

/** `host pve-1`, `host pve-1 or pve-2`, `any of 5 hosts (pve-1 … pve-5)`. */
export function listed(kind: "node" | "host", names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length <= 3) return `${kind} ${oneOf(names)}`;
  return `any of ${names.length} ${kind}s (${names[0] ?? ""} … ${names.at(-1) ?? ""})`;
}

/** Whether these hosts are those that carry these nodes, one each. */
export function areUnder(nodes: readonly string[], hosts: readonly string[], site: SiteTopology | undefined): boolean {
  const under = (site?.nodes ?? []).filter((node) => nodes.includes(node.name)).map((node) => node.host);
  return under.length === hosts.length && hosts.every((host) => under.includes(host));
}

/** `a, b or c`. */
const oneOf = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
