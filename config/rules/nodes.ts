import { below, evenVotersRule, formatMebibytes, toMebibytes, type Finding } from "@isthmus/core";
import { nameTwiceRule, type Model, type SiteModel } from "../load.ts";
import { hypervisorsTwice } from "./hypervisors.ts";
import { defineRule } from "../rules.ts";

const noServerRule = defineRule({
  id: "no-server",
  severity: "high",
  summary: "A cluster has a server.",
  fix: "Give one node, or three, `role: server`.",
  docs: "docs/reference/site.md#nodes",
});

const unknownHostRule = defineRule({
  id: "unknown-host",
  severity: "high",
  summary: "A VM stands on a host of its site.",
  fix: "Write one of the site's hosts.",
  docs: "docs/reference/site.md#hosts",
  oncePerName: true,
});

const vmCoresRule = defineRule({
  id: "vm-cores",
  severity: "high",
  summary: "A VM has no more cores than its host.",
  fix: "Give the VM fewer cores, or correct those of the host.",
  docs: "docs/reference/site.md#hosts",
});

const hostOvercommittedRule = defineRule({
  id: "host-overcommitted",
  severity: "high",
  summary: "The VMs of a host have no more memory together than it has for them.",
  fix: "Give the VMs less memory, or place some on another host.",
  docs: "docs/reference/site.md#hosts",
  needsWhole: [],
});

/** Clusters that keep quorum, machines that exist once, hosts that can carry their machines. */
export function checkNodes(model: Model): Finding[] {
  return [
    ...model.sites.flatMap((site) => [...servers(site), ...hosts(site), ...hypervisorsTwice(site)]),
    ...namesTwice(model),
  ];
}

function servers(site: SiteModel): Finding[] {
  const names = Object.keys(site.nodes).filter((name) => site.nodes[name]?.role === "server");
  const at = below(site.from, "nodes");
  if (names.length === 0) {
    return [
      {
        rule: noServerRule.id,
        at,
        problem: "no node has the role server",
        fix: "give one node, or three, role: server",
      },
    ];
  }
  if (names.length % 2 === 1) return [];
  const less = names.length - 1;
  return [
    {
      rule: evenVotersRule.id,
      at,
      problem: `${names.length} servers (${names.join(", ")}) survive the loss of ${survivable(names.length)}, as ${less} would, and have one more to lose`,
      fix: `make it ${less} or ${names.length + 1} servers`,
    },
  ];
}

const survivable = (voters: number): number => Math.ceil(voters / 2) - 1;

/** What Proxmox takes for itself, in MiB: https://www.proxmox.com/en/products/proxmox-virtual-environment/requirements (2 GB). */
const ownMemory = 2048;

function hosts(site: SiteModel): Finding[] {
  const placed = Object.entries(site.nodes).flatMap(([name, node]) =>
    node.vm === undefined ? [] : [{ name, vm: node.vm }],
  );
  const unknown = placed
    .filter(({ vm }) => !Object.hasOwn(site.hosts, vm.host))
    .map(({ name, vm }) => ({
      rule: unknownHostRule.id,
      at: below(site.from, "nodes", name, "vm", "host"),
      problem: `"${vm.host}" is no host of ${site.name}`,
      fix: `write one of: ${Object.keys(site.hosts).join(", ") || "(there is none: add hosts)"}`,
    }));
  const wide = placed.flatMap(({ name, vm }) => {
    const cores = site.hosts[vm.host]?.cores;
    if (cores === undefined || vm.cores <= cores) return [];
    return [
      {
        rule: vmCoresRule.id,
        at: below(site.from, "nodes", name, "vm", "cores"),
        // `vm_start` in PVE/QemuServer.pm: "MAX N vcpus allowed per VM on this node".
        problem: `${vm.cores} are more than the ${cores} of ${vm.host}: Proxmox does not start such a VM`,
        fix: `write ${cores} or less, or correct hosts.${vm.host}.cores`,
      },
    ];
  });
  const crowded = Object.entries(site.hosts).flatMap(([name, host]) => {
    const wanted = placed.filter(({ vm }) => vm.host === name).reduce((sum, { vm }) => sum + toMebibytes(vm.memory), 0);
    const room = toMebibytes(host.memory) - ownMemory;
    if (wanted <= room) return [];
    const problem = `its machines have ${formatMebibytes(wanted)} of memory together, and "${host.memory}" is what it has, ${formatMebibytes(ownMemory)} of it for itself`;
    return [
      {
        rule: hostOvercommittedRule.id,
        at: below(site.from, "hosts", name, "memory"),
        problem,
        fix: "give the machines less, or place some on another host",
      },
    ];
  });
  return [...unknown, ...wide, ...crowded];
}

/** Node names are DNS names of the fleet. */
function namesTwice(model: Model): Finding[] {
  const nodes = model.sites.flatMap((site) => Object.keys(site.nodes).map((name) => ({ site, name })));
  return nodes.flatMap(({ site, name }, index) => {
    const first = nodes.slice(0, index).find((other) => other.name === name);
    if (first === undefined) return [];
    return [
      {
        rule: nameTwiceRule.id,
        at: below(site.from, "nodes", name),
        problem: `"${name}" is also a node of ${first.site.name}`,
        fix: "give each machine a name of its own: names are DNS names of the whole fleet",
      },
    ];
  });
}
