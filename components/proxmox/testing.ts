import { planMachines, type SiteMachines, type VmPlan } from "./plan.ts";
import { proxmoxSchema, vmSchema } from "./schema.ts";

/** Settings as a stack file holds them: what tests spoil, one property at a time. */
export const exampleSettings = {
  api: {
    endpoint: "https://pve.site-a.home.arpa:8006",
    token: { id: "isthmus@pve!isthmus", secret: "proxmoxToken" },
  },
  ssh: { user: "isthmus", privateKey: "proxmoxSshKey" },
  vlan: 20,
  image: {
    url: "https://cloud.debian.org/images/cloud/trixie/20260803-2189/debian-13-genericcloud-amd64-20260803-2189.qcow2",
    checksum: `sha512:${"0123456789abcdef".repeat(8)}`,
  },
  admin: { authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUk admin@laptop"] },
};

const vm = (host: string, id: number, more: object = {}) =>
  vmSchema.parse({ host, id, cores: 2, memory: "8Gi", disk: "40Gi", ...more });

/** A site of two Proxmox hosts: a server and an agent with a data disk on one, another agent on the other. */
export const exampleSite: SiteMachines = {
  site: "site-a",
  domain: "site-a.home.arpa",
  network: { cidr: "10.0.20.0/24", gateway: "10.0.20.1", nameservers: ["10.0.20.1"] },
  proxmox: {
    ...proxmoxSchema.parse(exampleSettings),
    hypervisors: {
      "pve-a-1": { node: "pve1", address: "10.0.10.11" },
      "pve-a-2": { node: "pve2", address: "10.0.10.12" },
    },
  },
  machines: [
    {
      name: "k3s-a-server-1",
      role: "server",
      address: "10.0.20.10",
      vm: vm("pve-a-1", 2010),
      from: "Pulumi.site-a.yaml#/nodes/k3s-a-server-1",
    },
    {
      name: "k3s-a-agent-1",
      role: "agent",
      address: "10.0.20.11",
      vm: vm("pve-a-1", 2011, { data: { size: "1Ti" } }),
      from: "Pulumi.site-a.yaml#/nodes/k3s-a-agent-1",
    },
    {
      name: "k3s-a-agent-2",
      role: "agent",
      address: "10.0.20.12",
      vm: vm("pve-a-2", 2012, { mac: "BC:24:11:00:20:12", startOrder: 5, rebuild: "2026-11-21" }),
      from: "Pulumi.site-a.yaml#/nodes/k3s-a-agent-2",
    },
  ],
};

/** The plan of one of its VMs. */
export const planOf = (name: string, site = exampleSite): VmPlan => {
  const plan = planMachines(site).find((candidate) => candidate.name === name);
  if (plan === undefined) throw new Error(`no plan of ${name}`);
  return plan;
};
