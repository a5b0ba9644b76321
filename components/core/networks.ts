import { cidrRange, contains } from "./ipv4.ts";
import type { SiteNetwork } from "./service.ts";

/** The network of a site that an address is in. */
export const networkAround = (networks: readonly SiteNetwork[], address: string): SiteNetwork | undefined =>
  networks.find(({ cidr }) => contains(cidrRange(cidr), address));

const shown = 4;

/** Which nodes stand in which network, for messages. */
export function whoStandsWhere(networks: readonly SiteNetwork[]): string {
  return networks
    .filter(({ nodes }) => nodes.length > 0)
    .map(({ name, cidr, nodes }) => {
      const more = nodes.length > shown ? ` and ${nodes.length - shown} more` : "";
      return `${nodes.slice(0, shown).join(", ")}${more} in ${name} (${cidr})`;
    })
    .join("; ");
}
