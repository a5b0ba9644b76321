import { below, cidrRange, contains, toNumber, type Finding, type SiteFacts } from "@isthmus/core";
import type { SitePlan } from "../plans.ts";
import { defineRule } from "../rules.ts";

const resolverOnClusterRule = defineRule({
  id: "resolver-on-cluster",
  severity: "high",
  summary: "The name servers of nodes do not run on the cluster of these nodes.",
  fix: "Name a resolver that does not run on it.",
  docs: "docs/reference/site.md#networks",
});

/**
 * Nodes that look names up at the cluster that runs on them find nothing after a power cut: images, snapshots' stores and
 * time servers have names, and no resolver comes up without an image.
 */
export function checkResolvers({ site, facts, services }: Pick<SitePlan, "site" | "facts" | "services">): Finding[] {
  return facts.networks.flatMap(({ name, nodes }) => {
    const { dns = [], gateway } = site.networks[name] ?? {};
    // A router whose address something else holds too, or that lies in the pods' network, is told by itself.
    const isRouter = (address: string): boolean => address === gateway;
    const own = dns.map((address) => (isRouter(address) ? undefined : whatAnswers(address, { site, facts, services })));
    if (dns.length === 0 || nodes.length === 0 || own.includes(undefined)) return [];
    const each = dns.map((address, index) => `"${address}" is ${own[index] ?? ""}`).join(", ");
    const router = gateway === undefined || dns.includes(gateway) ? "the router's address" : `the router's ${gateway}`;
    return [
      {
        rule: resolverOnClusterRule.id,
        at: below(site.from, "networks", name, "dns"),
        problem: `${each}: after a power cut ${nodes.length === 1 ? "the node" : "the nodes"} of network ${name} would look names up at what cannot start without them`,
        fix: `add a name server that runs elsewhere, such as ${router} or 9.9.9.9, after those of the cluster`,
      },
    ];
  });
}

/** What of the cluster an address is, if it is one of its own. */
function whatAnswers(address: string, { site, facts, services }: Pick<SitePlan, "site" | "facts" | "services">) {
  const inside = (cidr: string): boolean => contains(cidrRange(cidr), address);
  const claim = services.flatMap(({ footprint }) => footprint.addresses).find((one) => one.address === address);
  if (claim !== undefined) return `the address of ${claim.name}`;
  const pool = poolOf(facts, address);
  if (pool !== undefined) return `an address of pool ${pool}`;
  const node = facts.topology.nodes.find((one) => one.address === address || one.overlayAddress === address);
  if (node !== undefined) return `node ${node.name}`;
  if (site.kubernetes.api.address === address) return "the API's address";
  if (inside(facts.kubernetes.serviceCidr)) return "a Service of the cluster";
  return inside(facts.kubernetes.podCidr) ? "a pod of the cluster" : undefined;
}

function poolOf({ pools }: SiteFacts, address: string): string | undefined {
  return Object.values(pools).find(({ first, last }) =>
    contains({ first: toNumber(first), last: toNumber(last) }, address),
  )?.name;
}
