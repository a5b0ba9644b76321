import { below, lookUp, type NodeRole, type SourcePath } from "@isthmus/core";
import type { SiteMachines } from "./plan.ts";

/** A VM as the last runs left it, as far as a change of it means another VM. */
export interface BuiltVm {
  readonly vmId: number;
  /** Empty where none was declared. */
  readonly rebuild: string;
  /** The host's node name in Proxmox. */
  readonly proxmoxNode: string;
}

/** A machine whose VM would be deleted, and another one made in its place. */
export interface Replacement {
  readonly name: string;
  readonly role: NodeRole;
  /** The keys that ask for it. */
  readonly keys: readonly SourcePath[];
}

/** Which machines would lose their VM with its disks, in the order of the machines. `built`: by the machine's name. */
export function replacementsOf(site: SiteMachines, built: ReadonlyMap<string, BuiltVm>): readonly Replacement[] {
  return site.machines.flatMap(({ name, role, vm, from }) => {
    const before = built.get(name);
    if (before === undefined) return [];
    const changed = {
      id: before.vmId !== vm.id,
      rebuild: before.rebuild !== (vm.rebuild ?? ""),
      // Within a cluster a VM is migrated; a host with an API of its own is reached by another provider.
      host: apiOfNode(site, before.proxmoxNode) !== apiOfHost(site, vm.host),
    };
    const keys = Object.entries(changed).flatMap(([key, is]) => (is ? [below(from, "vm", key)] : []));
    return keys.length === 0 ? [] : [{ name, role, keys }];
  });
}

function apiOfHost({ proxmox }: SiteMachines, host: string): string {
  return lookUp(proxmox.hypervisors, host, "Proxmox host").api?.endpoint ?? proxmox.api.endpoint;
}

/** A node that is not declared any more was one of the cluster, as far as anybody knows. */
function apiOfNode(site: SiteMachines, node: string): string {
  const [host] = Object.entries(site.proxmox.hypervisors).find(([, { node: name }]) => name === node) ?? [];
  return host === undefined ? site.proxmox.api.endpoint : apiOfHost(site, host);
}
