import { sizesOf, type HostSettings, type MachineSizes } from "@isthmus/hosts";
import { hypervisorsOf, type ProxmoxSettings } from "@isthmus/proxmox";
import type { SiteSettings } from "./site-schema.ts";

type NodeSettings = SiteSettings["nodes"][string];

/** A node with what the site and the machine's board say of it. */
interface CompleteNode extends Omit<NodeSettings, "machine"> {
  readonly machine?: (NonNullable<NodeSettings["machine"]> & HostSettings & MachineSizes) | undefined;
}

/** A site whose nodes lack nothing that stands elsewhere. */
export interface CompleteSite extends Omit<SiteSettings, "nodes" | "proxmox"> {
  readonly nodes: Readonly<Record<string, CompleteNode>>;
  readonly proxmox?: ProxmoxSettings | undefined;
}

/** Says at each node what the stack file says once for all of them. */
export function complete(site: SiteSettings): CompleteSite {
  const nodes = Object.entries(site.nodes).map(([name, node]) => [name, completeNode(node, site)] as const);
  const proxmox = site.proxmox && { ...site.proxmox, hypervisors: hypervisorsOf(site.hosts) };
  return { ...site, proxmox, nodes: Object.fromEntries(nodes) };
}

function completeNode({ machine, ...node }: NodeSettings, { ssh }: SiteSettings): CompleteNode {
  if (machine === undefined) return node;
  const sizes = sizesOf(machine);
  if (sizes === undefined) throw new Error("a machine without sizes passed its schema");
  return { ...node, machine: { ...machine, ...sizes, user: machine.user ?? ssh.user } };
}

/** Whether pods run on servers: where there are servers only, somebody has to carry them. */
export const carriesWorkloads = ({
  workloadsOnServers,
  nodes,
}: Pick<SiteSettings, "workloadsOnServers" | "nodes">): boolean =>
  workloadsOnServers ?? Object.values(nodes).every(({ role }) => role === "server");
