import { budget, type Budget, type FleetFootprint, type NodeBudget } from "@isthmus/availability";
import {
  below,
  formatMebibytes,
  formatMillicores,
  mayRunOn,
  membersAt,
  readablePath,
  toMebibytes,
  toMillicores,
  type Finding,
  type NodeFacts,
} from "@isthmus/core";
import { largest, nodeTooSmallRule } from "./placement.ts";
import { keysAsText, whatToShrink } from "./shrink.ts";
import type { SitePlan } from "../plans.ts";
import { defineRule } from "../rules.ts";

const siteTooSmallRule = defineRule({
  id: "site-too-small",
  severity: "high",
  summary: "Everything that runs at a site has room there.",
  fix: "Give the agents more memory or cores, add an agent, or ask for less.",
  docs: "docs/reference/site.md#nodes",
});

/** What a site's nodes have is enough for what is to run on them, while nothing is lost. */
export function checkBudget(sites: readonly SitePlan[], fleet: FleetFootprint): Finding[] {
  const budgets = budget(fleet.topology, fleet.services);
  return sites.flatMap((plan) => [...crowdedNodes(plan, budgets), ...unschedulable(plan, budgets)]);
}

/** What stands on a node in any case is more than the node has: the control plane, and pods of every node. */
function crowdedNodes({ facts }: SitePlan, { nodes }: Budget): Finding[] {
  return nodes.flatMap((node) => {
    const known = facts.topology.nodes.find((one) => one.name === node.node);
    return node.site !== facts.name || known === undefined ? [] : tooLittle(node, known);
  });
}

function tooLittle(node: NodeBudget, known: NodeFacts): Finding[] {
  const what = `the system, ${node.role === "server" ? "the control plane " : ""}and the pods of every node`;
  const asked = (kind: keyof NodeBudget["fixed"]): number => node.fixed[kind] + node.reserved[kind];
  const [memory, cpu, pods] = [asked("memory"), asked("cpu"), asked("pods")];
  const key = (name: string): string => readablePath(below(known.sizesFrom ?? known.from, name));
  const told = (problem: string, fix: string): Finding => ({ rule: nodeTooSmallRule.id, at: known.from, problem, fix });
  const has = (text: string, need: string): string => `${node.node} has ${text}, and ${what} ask for ${need}`;
  return [
    ...(memory <= node.capacity.memory
      ? []
      : [
          told(
            has(`"${known.memory}" of memory`, formatMebibytes(memory)),
            `give it at least ${formatMebibytes(memory)}: ${key("memory")}`,
          ),
        ]),
    ...(cpu <= node.capacity.cpu
      ? []
      : [
          told(
            has(`${known.cpu} cores`, formatMillicores(cpu)),
            `give it at least ${Math.ceil(cpu / 1000)} cores: ${key("cores")}`,
          ),
        ]),
    ...(pods <= node.capacity.pods
      ? []
      : [
          told(
            `the kubelet of ${node.node} takes ${node.capacity.pods} pods, and ${pods} are to be on every node`,
            `run fewer, or set kubernetes.kubeletArguments: [max-pods=${pods}]`,
          ),
        ]),
  ];
}

const instanceOf = (service: string): string => service.split("/").at(-1) ?? service;

/** What stands on given nodes is told with the node, what fits no node at all with its placement. */
function isToldElsewhere(service: string, name: string, { facts, services }: SitePlan): boolean {
  const instance = services.find((plan) => plan.instance === instanceOf(service));
  const workload = instance?.footprint.workloads.find((candidate) => candidate.name === name);
  if (workload === undefined || "perNode" in workload.members) return true;
  const { memory, cpu } = largest(facts.topology.nodes.filter((node) => mayRunOn(workload, node)));
  return toMebibytes(workload.requests.memory) > memory || toMillicores(workload.requests.cpu) > cpu;
}

function unschedulable(plan: SitePlan, { sites }: Budget): Finding[] {
  const { facts, services } = plan;
  const own = sites.find((one) => one.site === facts.name);
  if (own === undefined) return [];
  return own.unschedulable
    .filter(({ because, service, workload }) => because === "no room" && !isToldElsewhere(service, workload, plan))
    .map(({ service, workload, members, of }) => {
      const instance = instanceOf(service);
      const asked = `${formatMebibytes(own.requested.memory)} of ${formatMebibytes(own.allocatable.memory)} memory, ${formatMillicores(own.requested.cpu)} of ${formatMillicores(own.allocatable.cpu)} cores and ${own.requested.pods} of ${own.allocatable.pods} pods`;
      return {
        rule: siteTooSmallRule.id,
        at: services.find((one) => one.instance === instance)?.from ?? below(`Pulumi.${facts.name}.yaml#`, "nodes"),
        problem: `${members} of ${of} members of ${instance}'s ${workload} find no room at ${facts.name}: ${asked} are asked for`,
        fix: `give the agents more memory or cores, add an agent, or ask for less${fewer(plan, instance, workload)}`,
      };
    });
}

/** The keys of who found no room first, then of those that ask for the most. */
function fewer({ facts, services }: SitePlan, instance: string, workload: string): string {
  const all = services.flatMap((service) =>
    service.footprint.workloads.map((one) => ({
      own: service.instance === instance && one.name === workload,
      sizedBy: one.sizedBy ?? [],
      size: toMebibytes(one.requests.memory) * (membersAt(one, facts.name) ?? 0),
    })),
  );
  const own = keysAsText(all.find((one) => one.own)?.sizedBy ?? []);
  const others = whatToShrink(all.filter((one) => !one.own));
  const told = [own, others === "" ? "" : `or of what asks for the most: ${others}`].filter((text) => text !== "");
  return told.length === 0 ? "" : `: ${told.join(", ")}`;
}
