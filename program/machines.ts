import type { MachineConnection } from "@isthmus/core";
import { Machine as ExistingMachine } from "@isthmus/hosts/components";
import { Machines as VirtualMachines } from "@isthmus/proxmox/components";
import type * as pulumi from "@pulumi/pulumi";
import type { MachinesPlan } from "../plan/machines.ts";

interface MachinesArgs {
  readonly site: string;
  readonly plan: MachinesPlan;
  readonly secret: (name: string) => pulumi.Output<string>;
  readonly parent: pulumi.Resource;
}

/** Makes the VMs and takes up the machines that are there; both look alike from here on. */
export function buildMachines({
  site,
  plan,
  secret,
  parent,
}: MachinesArgs): Readonly<Record<string, MachineConnection>> {
  const virtual =
    plan.virtual === undefined
      ? {}
      : new VirtualMachines(`${site}-vms`, { machines: plan.virtual, secretValue: secret }, { parent }).machines;
  const existing = plan.existing.map(
    (host) => [host.name, new ExistingMachine(host.name, { plan: host }, { parent })] as const,
  );
  return { ...virtual, ...Object.fromEntries(existing) };
}
