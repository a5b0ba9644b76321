import { below, quote, type Finding } from "@isthmus/core";
import type { MachineFacts, SiteMachines } from "./plan.ts";
import { defineRule } from "./rules.ts";

const vmIdTwiceRule = defineRule({
  id: "vm-id-twice",
  severity: "high",
  summary: "VMs of a Proxmox cluster have ids of their own.",
  fix: "Give each machine a VM id of its own.",
  docs: "docs/guide/proxmox.md#5-stack-file",
  needsWhole: [],
});

const macTwiceRule = defineRule({
  id: "mac-twice",
  severity: "high",
  summary: "Network cards have MAC addresses of their own.",
  fix: "Leave it out, and Proxmox chooses one.",
  docs: "docs/guide/proxmox.md#5-stack-file",
  needsWhole: [],
});

/** What a schema cannot see: ids and MAC addresses that are used twice. */
export function checkMachines(site: SiteMachines): readonly Finding[] {
  return [...vmIdsTwice(site), ...macsTwice(site)];
}

/** Ids are unique in a Proxmox cluster; a host with an API of its own is outside it. */
function vmIdsTwice(site: SiteMachines): Finding[] {
  const { hypervisors, api } = site.proxmox;
  const endpointOf = ({ vm }: MachineFacts): string =>
    (Object.hasOwn(hypervisors, vm.host) ? hypervisors[vm.host]?.api : undefined)?.endpoint ?? api.endpoint;
  return twice(site.machines, (machine) => `${endpointOf(machine)} ${machine.vm.id}`).map(([machine, first]) => ({
    rule: vmIdTwiceRule.id,
    at: below(machine.from, "vm", "id"),
    problem: `VM id ${machine.vm.id} of ${machine.name} is that of ${first.name} too`,
    fix: "give each machine a VM id of its own",
  }));
}

function macsTwice({ machines }: SiteMachines): Finding[] {
  const chosen = machines.filter(({ vm }) => vm.mac !== undefined);
  return twice(chosen, ({ vm }) => vm.mac).map(([machine, first]) => ({
    rule: macTwiceRule.id,
    at: below(machine.from, "vm", "mac"),
    problem: `MAC address ${quote(machine.vm.mac)} of ${machine.name} is that of ${first.name} too`,
    fix: "leave it out, and Proxmox chooses one",
  }));
}

/** Each machine whose key an earlier one has, with that one. */
function twice(
  machines: readonly MachineFacts[],
  key: (machine: MachineFacts) => unknown,
): [MachineFacts, MachineFacts][] {
  return machines.flatMap((machine, index) => {
    const first = machines.slice(0, index).find((other) => key(other) === key(machine));
    return first === undefined ? [] : [[machine, first] satisfies [MachineFacts, MachineFacts]];
  });
}
