import { below, type Finding } from "@isthmus/core";
import type { SiteModel } from "../load.ts";
import { defineRule } from "../rules.ts";

const proxmoxNodeTwiceRule = defineRule({
  id: "proxmox-node-twice",
  severity: "high",
  summary: "A Proxmox node is described once.",
  fix: "Take one of the hosts out, or give it its own node or API.",
  docs: "docs/guide/proxmox.md#5-stack-file",
});

/** A Proxmox node that stands twice would be given twice the cores and the memory that it has. */
export function hypervisorsTwice(site: SiteModel): Finding[] {
  const seen = new Map<string, string>();
  return Object.entries(site.proxmox?.hypervisors ?? {}).flatMap(([name, { node, api }]) => {
    const key = `${api?.endpoint ?? site.proxmox?.api.endpoint ?? ""} ${node}`;
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, name);
      return [];
    }
    return [
      {
        rule: proxmoxNodeTwiceRule.id,
        at: below(site.from, "hosts", name),
        problem: `"${name}" is the Proxmox node ${node}, which ${first} is, too: its cores and memory would be given twice`,
        fix: `take one of them out, or give ${name} its own node (as \`pvesh get /nodes\` prints it), or its own api where it is outside the cluster`,
      },
    ];
  });
}
