import {
  getAt,
  nodesOn,
  nodesOpenTo,
  peerValuesNeeded,
  unique,
  type Finding,
  type NodeFacts,
  type PortClaim,
  type SourcePath,
} from "@isthmus/core";
import type { PlannedSite } from "./claims.ts";
import { defineRule } from "../rules.ts";

const nobodyAnswersRule = defineRule({
  id: "nobody-answers",
  severity: "high",
  summary: "What is reached on the overlay has a node there.",
  fix: "Give the nodes an address on the overlay.",
  docs: "docs/guide/reach-between-sites.md#what-a-node-needs",
});

const nodeCutOffRule = defineRule({
  id: "node-cut-off",
  severity: "high",
  summary: "Nodes whose pods need another site have an address on the overlay.",
  fix: "Give the node one, or a taint that keeps these pods away.",
  docs: "docs/guide/reach-between-sites.md#what-a-node-needs",
});

/**
 * What is reached over the overlay has somebody who answers there, and who reaches it can send something there: pods
 * leave with the address that their node has on the overlay, and a node without one sends them to its router.
 */
export function checkReach(sites: readonly PlannedSite[], hasOverlay: boolean): Finding[] {
  return [...sites.flatMap((site) => nobodyAnswers(site, hasOverlay)), ...sites.flatMap((site) => cutOff(site, sites))];
}

function nobodyAnswers({ facts, services }: PlannedSite, hasOverlay: boolean): Finding[] {
  const claims = services.flatMap(({ footprint }) => footprint.ports ?? []);
  const [first] = claims.filter(({ network }) => nodesOn(facts.topology, network).length === 0);
  if (first === undefined) return [];
  const names = unique(claims.filter(({ network }) => network === first.network).map(({ name }) => name)).join(", ");
  const problem = `${names} of ${facts.name} would be reached at the nodes' overlay addresses, and ${hasOverlay ? `no node of ${facts.name} has one` : "the fleet has no overlay"}`;
  const fix = hasOverlay
    ? "give the nodes an address on the overlay (nodes.NAME.overlay)"
    : "add overlay to Pulumi.yaml and an address on it to the nodes, or write network: site where the sites' own networks are routed to one another";
  return [{ rule: nobodyAnswersRule.id, at: networkOf(first), problem, fix }];
}

const networkOf = ({ from }: PortClaim): SourcePath => from.replace(/\/port$/, "/network") as SourcePath;

/** Nodes that may run pods which need what another site offers on the overlay, and that have no address there. */
function cutOff({ facts, services }: PlannedSite, sites: readonly PlannedSite[]): Finding[] {
  const users = services.filter(({ objects }) =>
    objects.some(({ manifest }) =>
      peerValuesNeeded(manifest).some(({ $peer, output }) => isOnOverlay(sites, $peer, output)),
    ),
  );
  if (users.length === 0) return [];
  const names = unique(users.map(({ instance }) => instance)).join(" and ");
  return nodesOpenTo(facts.topology)
    .filter(({ overlayAddress }) => overlayAddress === undefined)
    .map((node: NodeFacts) => ({
      rule: nodeCutOffRule.id,
      at: node.from,
      problem: `${node.name} has no address on the overlay: pods of ${names} that it may run would not reach the other site`,
      fix: "give it one (overlay: ADDRESS), or a taint that keeps these pods away",
    }));
}

/** Whether a value that another site gives out is of a service that is reached over the overlay. */
function isOnOverlay(sites: readonly PlannedSite[], peer: string, output: string): boolean {
  const services = sites.find(({ facts }) => facts.name === peer)?.services ?? [];
  return services.some(
    ({ exports, footprint }) =>
      getAt(exports, output) !== undefined && (footprint.ports ?? []).some(({ network }) => network === "overlay"),
  );
}
