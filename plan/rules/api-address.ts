import { below, networkAround, whoStandsWhere, type Finding, noNodeOnNetworkRule } from "@isthmus/core";
import type { SitePlan } from "../plans.ts";

/** kube-vip runs on every server, and whichever is elected answers ARP for the API's address: all of them stand in its network. */
export function checkApiAddress({ site, facts: { networks } }: Pick<SitePlan, "site" | "facts">): Finding[] {
  const { api } = site.kubernetes;
  if (api.kind !== "kube-vip" || api.interface !== undefined) return [];
  const network = networkAround(networks, api.address);
  // An address in no network of the site is told by itself.
  const placed = networks.flatMap(({ nodes }) => nodes);
  const elsewhere = placed.filter((name) => site.nodes[name]?.role === "server" && !network?.nodes.includes(name));
  if (network === undefined || elsewhere.length === 0) return [];
  const problem = `"${api.address}" is in network ${network.name}, and ${elsewhere.join(", ")} would answer for it in another one when elected: ${whoStandsWhere(networks)}`;
  const fix = `write a free address of the network in which all servers stand, or, where each has an interface in ${network.name} too, name it in kubernetes.api.interface`;
  return [{ rule: noNodeOnNetworkRule.id, at: below(site.from, "kubernetes", "api", "address"), problem, fix }];
}
