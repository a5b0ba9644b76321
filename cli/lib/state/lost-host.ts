import { z } from "zod";
import { nameOf, resourcesOf, type Checkpoint, type StateResource } from "../pulumi/checkpoint.ts";

const machine = z.object({ plan: z.object({ host: z.string(), proxmoxNode: z.string() }) });
const hypervisors = z.object({ images: z.array(z.object({ host: z.string(), proxmoxNode: z.string() })) });
const onNode = z.object({ nodeName: z.string() });
const addressed = z.object({ address: z.string() });

/** What a state knows of a Proxmox host. */
export interface LostHost {
  /** VMs, files and images there: what nobody can be asked about any more. */
  readonly resources: readonly StateResource[];
  /** Machines whose VMs are among them, with the address of each. */
  readonly machines: readonly { readonly name: string; readonly address: string }[];
}

/** Every physical host that the state names, with its node name in Proxmox. */
export function hostsIn(state: Checkpoint): ReadonlyMap<string, string> {
  const places = resourcesOf(state).flatMap(({ type, inputs }) => {
    if (type === "isthmus:proxmox:Machine") return [machine.parse(inputs).plan];
    return type === "isthmus:proxmox:Hypervisors" ? hypervisors.parse(inputs).images : [];
  });
  return new Map(places.map(({ host, proxmoxNode }) => [host, proxmoxNode]));
}

/** `node`: the host's name in Proxmox. A host with an API of its own has a provider by its name; all others share one. */
export function lostHost(state: Checkpoint, host: string, node: string): LostHost {
  const all = resourcesOf(state);
  const providers = all.filter(({ type }) => type === "pulumi:providers:proxmoxve").map(nameOf);
  const own = providers.find((name) => name.endsWith(`-hypervisors-${host}`));
  const isThere = ({ type, provider, inputs }: StateResource): boolean =>
    type.startsWith("proxmoxve:") &&
    onNode.safeParse(inputs).data?.nodeName === node &&
    (own === undefined ? String(provider).includes("-hypervisors-cluster::") : String(provider).includes(`::${own}::`));
  const resources = all.filter(isThere);
  const names = new Set(
    resources
      .filter(({ type }) => type === "proxmoxve:index/vmLegacy:VmLegacy")
      .map((vm) => nameOf(vm).replace(/-vm$/, "")),
  );
  const machines = all
    .filter((one) => one.type === "isthmus:proxmox:Machine" && names.has(nameOf(one)))
    .map((one) => ({ name: nameOf(one), address: addressed.safeParse(one.outputs).data?.address ?? "" }));
  return { resources, machines };
}
