import {
  controlPlaneTaint,
  formatMebibytes,
  formatMillicores,
  mayRunOn,
  membersAt,
  satisfies,
  tolerates,
  toMebibytes,
  toMillicores,
  unique,
  type Finding,
  type NodeFacts,
  type SiteFacts,
  type Workload,
  tooFewNodesRule,
} from "@isthmus/core";
import type { ServicePlan } from "../service-plans.ts";
import { defineRule } from "../rules.ts";

const labelNobodyHasRule = defineRule({
  id: "label-nobody-has",
  severity: "high",
  summary: "Labels that a workload requires are on some node.",
  fix: "Add the label to the nodes that may run it.",
  docs: "docs/reference/site.md#nodes",
});

const architectureMissingRule = defineRule({
  id: "architecture-missing",
  severity: "high",
  summary: "Workloads have images for the nodes that they run on.",
  fix: "Add a node of the architecture, or keep the workload off the others with a taint.",
  docs: "docs/reference/site.md#nodes",
});

export const nodeTooSmallRule = defineRule({
  id: "node-too-small",
  severity: "high",
  summary: "A node has room for what stands on it in any case, and one has room for each pod.",
  fix: "Give the node more, or ask for less.",
  docs: "docs/reference/site.md#nodes",
});

interface Placed {
  readonly plan: ServicePlan;
  readonly workload: Workload;
  readonly site: SiteFacts;
}

/** Every workload has nodes that it may run on, enough of them, and large enough. */
export function checkPlacement(plans: readonly ServicePlan[], site: SiteFacts): Finding[] {
  // A site without nodes lacks more than a place for this.
  if (site.topology.nodes.length === 0) return [];
  return plans.flatMap((plan) =>
    plan.footprint.workloads.flatMap((workload) => {
      const placed = { plan, workload, site };
      const labels = labelNobodyHas(placed);
      if (labels.length > 0) return labels;
      const architecture = architectureMissing(placed);
      if (architecture.length > 0) return architecture;
      return [...noNode(placed), ...tooFewNodes(placed), ...nodeTooSmall(placed)];
    }),
  );
}

const nameOf = ({ plan, workload }: Placed): string => `${plan.instance}'s ${workload.name}`;

const eligible = ({ workload, site }: Placed): NodeFacts[] =>
  site.topology.nodes.filter((node) => mayRunOn(workload, node));

/** Nodes that the workload may run on, were its images for every architecture. */
const eligibleButForArchitecture = ({ workload, site }: Placed): NodeFacts[] =>
  site.topology.nodes.filter((node) => mayRunOn({ ...workload, architectures: ["amd64", "arm64"] }, node));

function labelNobodyHas(placed: Placed): Finding[] {
  const { workload, site, plan } = placed;
  return workload.runsOn.required
    .filter((requirement) => !site.topology.nodes.some((node) => satisfies(node.labels, requirement)))
    .map(({ key, values }) => ({
      rule: labelNobodyHasRule.id,
      at: plan.from,
      problem: `${nameOf(placed)} requires the label ${key}=${values.join("|")}, and no node of ${site.name} has it`,
      fix: `add it to the nodes that may run this: nodes.<name>.labels: {${key}: "${values[0] ?? ""}"}`,
    }));
}

function architectureMissing(placed: Placed): Finding[] {
  const { workload, plan, site } = placed;
  const without = eligibleButForArchitecture(placed).filter(
    (node) => !workload.architectures.includes(node.architecture),
  );
  const needsAll = "perNode" in workload.members;
  const noneLeft = eligible(placed).length === 0;
  if (without.length === 0 || !(needsAll || noneLeft)) return [];
  const names = without.map((node) => `${node.name} (${node.architecture})`).join(", ");
  return [
    {
      rule: architectureMissingRule.id,
      at: plan.from,
      problem: `${nameOf(placed)} has images for ${workload.architectures.join(" and ")} only, and it would run on ${names}`,
      fix: needsAll
        ? `keep it off these nodes of ${site.name} with a taint, or use a service whose image exists for them`
        : `add a node with ${workload.architectures.join(" or ")} to ${site.name}`,
    },
  ];
}

function noNode(placed: Placed): Finding[] {
  if (eligible(placed).length > 0) return [];
  const { workload, plan, site } = placed;
  const blocked = unique(
    site.topology.nodes.flatMap((node) =>
      node.taints.filter((taint) => !tolerates(workload.runsOn.tolerations, taint)).map((taint) => taint.key),
    ),
  );
  return [
    {
      rule: tooFewNodesRule.id,
      at: plan.from,
      problem: `no node of ${site.name} may run ${nameOf(placed)}${blocked.length === 0 ? "" : ` (taints: ${blocked.join(", ")})`}`,
      fix: blocked.includes(controlPlaneTaint.key)
        ? "add an agent with the labels it requires, or write workloadsOnServers: true"
        : "add a node without these taints and with the labels it requires",
    },
  ];
}

function tooFewNodes(placed: Placed): Finding[] {
  const { workload, plan, site } = placed;
  const members = membersAt(workload, site.name);
  if (members === undefined) return [];
  return workload.runsOn.spread
    .filter((spread) => spread.required && spread.over !== "site")
    .flatMap(({ over }) => {
      const places = unique(eligible(placed).map((node) => (over === "host" ? node.host : node.name)));
      if (places.length >= members || places.length === 0) return [];
      const what = over === "host" ? "physical hosts" : "nodes";
      return [
        {
          rule: tooFewNodesRule.id,
          at: plan.from,
          problem: `${nameOf(placed)} has ${members} members that must not share one of the ${what}, and ${places.length} may run them (${places.join(", ")})`,
          fix: `lower it to ${places.length % 2 === 0 ? places.length - 1 : places.length}, or add ${members - places.length} more`,
        },
      ];
    });
}

/** The most that one of `nodes` has. */
export function largest(nodes: readonly NodeFacts[]): { readonly memory: number; readonly cpu: number } {
  return {
    memory: Math.max(0, ...nodes.map((node) => toMebibytes(node.memory))),
    cpu: Math.max(0, ...nodes.map((node) => toMillicores(node.cpu))),
  };
}

function nodeTooSmall(placed: Placed): Finding[] {
  const { workload, plan, site } = placed;
  const nodes = eligible(placed);
  if (nodes.length === 0) return [];
  const { memory, cpu } = largest(nodes);
  const findings: Finding[] = [];
  if (toMebibytes(workload.requests.memory) > memory) {
    const problem = `${nameOf(placed)} requests ${workload.requests.memory} of memory, and the largest node that may run it has ${formatMebibytes(memory)}`;
    findings.push({
      rule: nodeTooSmallRule.id,
      at: plan.from,
      problem,
      fix: `request less, or give a node of ${site.name} more`,
    });
  }
  if (toMillicores(workload.requests.cpu) > cpu) {
    const problem = `${nameOf(placed)} requests ${formatMillicores(toMillicores(workload.requests.cpu))} cores, and the largest node that may run it has ${formatMillicores(cpu)}`;
    findings.push({
      rule: nodeTooSmallRule.id,
      at: plan.from,
      problem,
      fix: `request less, or give a node of ${site.name} more`,
    });
  }
  return findings;
}
