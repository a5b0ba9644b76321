import { lookUp } from "@isthmus/core";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import { Hypervisors, type HypervisorsArgs } from "./hypervisors.ts";
import { Machine } from "./machine.ts";
import { cloneLanes, planMachines, type SiteMachines } from "./plan.ts";

export type MachinesArgs = HypervisorsArgs;

/** All VMs of a site, at most `parallelClones` of them made at a time on each host. */
export class Machines extends ComponentResource {
  /** By name. */
  readonly machines: Readonly<Record<string, Machine>>;

  constructor(name: string, args: MachinesArgs, options?: ComponentResourceOptions) {
    super("isthmus:proxmox:Machines", name, { site: args.machines.site }, options);
    const hypervisors = new Hypervisors(`${name}-hypervisors`, args, { parent: this });
    this.machines = this.inLanes(args.machines, hypervisors);
    this.registerOutputs({});
  }

  private inLanes(site: SiteMachines, hypervisors: Hypervisors): Readonly<Record<string, Machine>> {
    const plans = planMachines(site);
    const lanes = cloneLanes(plans, site.proxmox.parallelClones);
    const made: Record<string, Machine> = {};
    for (const plan of plans) {
      const before = lanes[plan.name];
      const args = {
        plan,
        hypervisor: lookUp(hypervisors.hosts, plan.host, "Proxmox host"),
        after: before === undefined ? undefined : lookUp(made, before, "machine"),
      };
      made[plan.name] = new Machine(plan.name, args, { parent: this });
    }
    return made;
  }
}
