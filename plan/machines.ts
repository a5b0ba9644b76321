import { below, cidrRange, contains, type Finding } from "@isthmus/core";
import { planHosts, type HostPlan } from "@isthmus/hosts";
import { checkMachines, type MachineFacts, type SiteMachines } from "@isthmus/proxmox";
import type { SiteModel } from "../config/load.ts";
import { defineRule } from "./rules.ts";

const proxmoxMissingRule = defineRule({
  id: "proxmox-missing",
  severity: "high",
  summary: "A site with VMs says how its Proxmox is reached.",
  fix: "Add proxmox to the site, or describe the node as a machine.",
  docs: "docs/guide/proxmox.md#5-stack-file",
});

const vmNetworkIncompleteRule = defineRule({
  id: "vm-network-incomplete",
  severity: "high",
  summary: "A network with VMs has a gateway and name servers.",
  fix: "Add gateway and dns to the network.",
  docs: "docs/reference/site.md#networks",
});

const vmNetworksRule = defineRule({
  id: "vm-networks",
  severity: "high",
  summary: "The VMs of a site stand in one network.",
  fix: "Put them into one network: they share a bridge and a gateway.",
  docs: "docs/reference/site.md#networks",
});

/** The machines of a site: those that are made as VMs, and those that are there. */
export interface MachinesPlan {
  /** Absent where the site has no VMs. */
  readonly virtual: SiteMachines | undefined;
  readonly existing: readonly HostPlan[];
}

export function planSiteMachines(
  site: SiteModel,
  domain: string,
): { plan: MachinesPlan; findings: readonly Finding[] } {
  const virtual = virtualMachines(site, domain);
  const existing = planHosts(
    Object.entries(site.nodes).flatMap(([name, { address, machine }]) =>
      machine === undefined ? [] : [{ name, address, host: machine, from: below(site.from, "nodes", name, "machine") }],
    ),
  );
  const findings = [...(virtual.plan === undefined ? [] : checkMachines(virtual.plan)), ...virtual.findings];
  return { plan: { virtual: virtual.plan, existing }, findings };
}

function virtualMachines(
  site: SiteModel,
  domain: string,
): { plan: SiteMachines | undefined; findings: readonly Finding[] } {
  const machines = Object.entries(site.nodes).flatMap(([name, { role, address, vm }]): MachineFacts[] =>
    vm === undefined ? [] : [{ name, role, address, vm, from: below(site.from, "nodes", name) }],
  );
  const [first] = machines;
  if (first === undefined) return { plan: undefined, findings: [] };
  if (site.proxmox === undefined) {
    const problem = `${first.name} is a VM, and the site does not say how its Proxmox is reached`;
    const fix = "add proxmox to the site, or describe the node as a machine";
    return { plan: undefined, findings: [{ rule: proxmoxMissingRule.id, at: first.from, problem, fix }] };
  }
  const { network, inside, elsewhere, nowhere } = standing(site, machines);
  if (network === undefined || elsewhere.length + nowhere.length > 0) {
    // An address in no network of the site is told by itself.
    const [most = first] = inside;
    return { plan: undefined, findings: elsewhere.map((machine) => otherNetwork(machine, most)) };
  }
  const { cidr, gateway, dns } = network;
  if (gateway === undefined || dns === undefined) {
    return { plan: undefined, findings: [routeUnknown(site, network, first)] };
  }
  const plan = {
    site: site.name,
    domain,
    network: { cidr, gateway, nameservers: dns },
    proxmox: site.proxmox,
    machines,
  };
  return { plan, findings: [] };
}

/** Cloud-init writes a VM's network settings from these; a machine that is there already has its own. */
function routeUnknown(site: SiteModel, network: SiteModel["networks"][string], first: MachineFacts): Finding {
  const name = Object.keys(site.networks).find((one) => site.networks[one] === network) ?? "";
  const missing = (["gateway", "dns"] as const).filter((key) => network[key] === undefined);
  return {
    rule: vmNetworkIncompleteRule.id,
    at: below(site.from, "networks", name),
    problem: `network "${name}" has no ${missing.join(" and no ")}, and ${first.name} is a VM in it: cloud-init has to tell it`,
    fix: `add ${missing.map((key) => (key === "gateway" ? "gateway, the router's address" : "dns, a list of name servers")).join(", and ")}`,
  };
}

/** The network in which most of the VMs stand (the first of those that have as many), and who stands elsewhere or in none. */
function standing({ networks }: SiteModel, machines: readonly MachineFacts[]) {
  const groups = Object.values(networks).map((network) => ({
    network,
    inside: machines.filter(({ address }) => contains(cidrRange(network.cidr), address)),
  }));
  const placed = new Set(groups.flatMap(({ inside }) => inside));
  const nowhere = machines.filter((machine) => !placed.has(machine));
  const [first] = groups.sort((a, b) => b.inside.length - a.inside.length);
  const inside = first?.inside ?? [];
  const network = inside.length > 0 ? first?.network : undefined;
  const elsewhere = machines.filter((machine) => placed.has(machine) && !inside.includes(machine));
  return { network, inside, elsewhere, nowhere };
}

function otherNetwork(machine: MachineFacts, first: MachineFacts): Finding {
  return {
    rule: vmNetworksRule.id,
    at: below(machine.from, "address"),
    problem: `"${machine.address}" is in another network than ${first.name} ("${first.address}")`,
    fix: "put the VMs of a site into one network: they share a bridge and a gateway",
  };
}
