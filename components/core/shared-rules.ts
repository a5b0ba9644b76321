import { ruleTable } from "./finding.ts";

/** Rules that several packages have findings of: services never import one another. */
const { rules, defineRule } = ruleTable("core");

export { rules as sharedRules };

export const evenVotersRule = defineRule({
  id: "even-voters",
  severity: "medium",
  summary: "The number of servers that vote is odd: one more than an odd number adds only something that can fail.",
  fix: "Take one voter away, or add one.",
  docs: "docs/reference/site.md#nodes",
  needsWhole: ["nodes"],
});

export const noNodeOnNetworkRule = defineRule({
  id: "no-node-on-network",
  severity: "high",
  summary: "An address that is announced by ARP has nodes in its network.",
  fix: "Take the address from a network with nodes, or name the interface that they have there.",
  docs: "docs/reference/site.md#networks",
});

export const tooFewNodesRule = defineRule({
  id: "too-few-nodes",
  severity: "high",
  summary: "Members that keep apart have a node each.",
  fix: "Ask for fewer members, or add nodes that may run them.",
  docs: "docs/reference/site.md#nodes",
});

export const unknownPeerRule = defineRule({
  id: "unknown-peer",
  severity: "high",
  summary: "Another site that is named is a site of the fleet.",
  fix: "Write the name of another site.",
  docs: "docs/guide/reach-between-sites.md#reach-between-sites",
  needsWhole: [],
  oncePerName: true,
});

export const unknownPoolRule = defineRule({
  id: "unknown-pool",
  severity: "high",
  summary: "A pool that is named is a pool of the site.",
  fix: "Write one of the site's pools.",
  docs: "docs/reference/site.md#pools",
  oncePerName: true,
});

export const unknownServiceRule = defineRule({
  id: "unknown-service",
  severity: "high",
  summary: "A service that is named is there.",
  fix: "Write the name of a service.",
  docs: "docs/reference/services/README.md",
});

export const poolMissingRule = defineRule({
  id: "pool-missing",
  severity: "high",
  summary: "A site with MetalLB has addresses to hand out.",
  fix: "Name at least one range of addresses under pools.",
  docs: "docs/reference/services/metallb.md",
});
