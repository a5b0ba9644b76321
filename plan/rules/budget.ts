import { budget, disksBudget, type Budget, type DisksBudget, type FleetFootprint } from "@isthmus/availability";
import {
  below,
  formatMebibytes,
  formatMillicores,
  mayRunOn,
  toMebibytes,
  toMillicores,
  type Finding,
} from "@isthmus/core";
import { largest } from "./placement.ts";
import type { SitePlan } from "../plans.ts";

/** What a site's nodes have is enough for what is to run on them, while nothing is lost. */
export function checkBudget(sites: readonly SitePlan[], fleet: FleetFootprint): Finding[] {
  const budgets = budget(fleet.topology, fleet.services);
  const disks = disksBudget(fleet.topology, fleet.services);
  return sites.flatMap((plan) => [
    ...crowdedNodes(plan, budgets),
    ...homeless(plan, budgets),
    ...crowdedDisks(plan, disks),
  ]);
}

/** Copies of volumes that no disk has room for: a claim would wait for ever. One finding, at the fullest disk. */
function crowdedDisks({ facts }: SitePlan, { disks, sites }: DisksBudget): Finding[] {
  const without = sites.find(({ site }) => site === facts.name)?.unplaced.filter((one) => one.because === "no room");
  const fullest = disks
    .filter(({ site }) => site === facts.name)
    .toSorted((a, b) => a.forVolumes - a.asked - (b.forVolumes - b.asked))[0];
  if (without === undefined || without.length === 0 || fullest === undefined) return [];
  const node = facts.topology.nodes.find(({ name }) => name === fullest.node);
  const disk = node?.disks?.find(({ mountPath }) => mountPath === fullest.mountPath);
  const copies = without.map(
    ({ service, workload, copies, size }) =>
      `${copies} of ${formatMebibytes(size)} of ${instanceOf(service)}'s ${workload}`,
  );
  const uses = fullest.uses.map(({ service, size }) => `${instanceOf(service)} ${formatMebibytes(size)}`).join(", ");
  return [
    {
      rule: "disks-too-small",
      at: disk?.from ?? node?.from ?? below(`Pulumi.${facts.name}.yaml#`, "nodes"),
      problem: `copies of volumes find no room on the disks of ${facts.name}: ${copies.join(", ")}. ${fullest.mountPath} of ${fullest.node} has "${disk?.size ?? ""}", of which ${formatMebibytes(fullest.forVolumes)} may be promised to volumes, and has promised ${formatMebibytes(fullest.asked)} (${uses || "nothing"})`,
      mend: "give the nodes larger disks for data, add a node, or write a smaller size for what asks the most",
    },
  ];
}

/** What stands on a node in any case is more than the node has: the control plane, and pods of every node. */
function crowdedNodes({ facts }: SitePlan, { nodes }: Budget): Finding[] {
  return nodes.flatMap((node) => {
    const known = facts.topology.nodes.find((one) => one.name === node.node);
    if (node.site !== facts.name || known === undefined) return [];
    const memory = node.fixed.memory + node.reserved.memory;
    const cpu = node.fixed.cpu + node.reserved.cpu;
    const what = `the system, ${node.role === "server" ? "the control plane " : ""}and the pods of every node`;
    const findings: Finding[] = [];
    if (memory > node.capacity.memory) {
      findings.push({
        rule: "node-too-small",
        at: known.from,
        problem: `${node.node} has "${known.memory}" of memory, and ${what} ask for ${formatMebibytes(memory)}`,
        mend: `give it at least ${formatMebibytes(memory)}`,
      });
    }
    if (cpu > node.capacity.cpu) {
      findings.push({
        rule: "node-too-small",
        at: known.from,
        problem: `${node.node} has ${known.cpu} cores, and ${what} ask for ${formatMillicores(cpu)}`,
        mend: `give it at least ${Math.ceil(cpu / 1000)} cores`,
      });
    }
    return findings;
  });
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

function homeless(plan: SitePlan, { sites }: Budget): Finding[] {
  const { facts, services } = plan;
  const own = sites.find((one) => one.site === facts.name);
  if (own === undefined) return [];
  return own.homeless
    .filter(({ because, service, workload }) => because === "no room" && !isToldElsewhere(service, workload, plan))
    .map(({ service, workload, members, of }) => {
      const instance = instanceOf(service);
      const asked = `${formatMebibytes(own.requested.memory)} of ${formatMebibytes(own.allocatable.memory)} memory and ${formatMillicores(own.requested.cpu)} of ${formatMillicores(own.allocatable.cpu)} cores`;
      return {
        rule: "site-too-small",
        at: services.find((one) => one.instance === instance)?.from ?? below(`Pulumi.${facts.name}.yaml#`, "nodes"),
        problem: `${members} of ${of} members of ${instance}'s ${workload} find no room at ${facts.name}: ${asked} are asked for`,
        mend: "give the agents more memory or cores, add an agent, or run fewer or smaller members",
      };
    });
}
