import {
  below,
  canonicalCidr,
  cidrRange,
  contains,
  overlap,
  usableRange,
  type Finding,
  type SourcePath,
} from "@isthmus/core";
import { fleetFile } from "../files.ts";
import type { Model, SiteModel } from "../load.ts";
import { defineRule } from "../rules.ts";
import { addressOutsideNetworkRule } from "./addresses.ts";

const cidrHostBitsRule = defineRule({
  id: "cidr-host-bits",
  severity: "low",
  summary: "A network is written with its first address.",
  fix: "Write the first address of the network.",
  docs: "docs/reference/site.md#networks",
  needsWhole: [],
});

const cidrOverlapRule = defineRule({
  id: "cidr-overlap",
  severity: "high",
  summary: "Networks that are routed to one another lie apart.",
  fix: "Give each network a range of its own.",
  docs: "docs/reference/site.md#networks",
  needsWhole: [],
});

interface NamedCidr {
  readonly what: string;
  readonly cidr: string;
  readonly at: SourcePath;
  /** Networks of different sites that are never routed to one another may overlap: only those of one scope are compared. */
  readonly scope: string;
}

/** Networks are written with their first address, lie apart, and hold their gateway. */
export function checkNetworks(model: Model): Finding[] {
  const all = [...fleetNetworks(model), ...model.sites.flatMap(clusterNetworks)];
  return [...all.flatMap(hostBits), ...overlaps(all), ...model.sites.flatMap(gateways)];
}

/** Networks that machines are in: routed through the overlay, so all of them must differ. */
function fleetNetworks({ fleet, sites }: Model): NamedCidr[] {
  const lans = sites.flatMap((site) =>
    Object.entries(site.networks).map(([name, network]) => ({
      what: `network ${name} of ${site.name}`,
      cidr: network.cidr,
      at: below(site.from, "networks", name, "cidr"),
      scope: "fleet",
    })),
  );
  if (fleet.overlay === undefined) return lans;
  const at: SourcePath = `${fleetFile}#/overlay/cidr`;
  return [{ what: "the overlay", cidr: fleet.overlay.cidr, at, scope: "fleet" }, ...lans];
}

/** Networks inside a cluster: they must differ from what its machines can reach, not from another site's clusters. */
function clusterNetworks(site: SiteModel): NamedCidr[] {
  const { clusterCidr, serviceCidr } = site.kubernetes;
  const at = (key: string): SourcePath => below(site.from, "kubernetes", key);
  return [
    { what: `the pod network of ${site.name}`, cidr: clusterCidr, at: at("clusterCidr"), scope: site.name },
    { what: `the service network of ${site.name}`, cidr: serviceCidr, at: at("serviceCidr"), scope: site.name },
  ];
}

function hostBits({ what, cidr, at }: NamedCidr): Finding[] {
  const right = canonicalCidr(cidr);
  if (right === cidr) return [];
  const problem = `"${cidr}" (${what}) has host bits set`;
  return [{ rule: cidrHostBitsRule.id, at, problem, fix: `did you mean ${right}?` }];
}

function overlaps(networks: readonly NamedCidr[]): Finding[] {
  return networks.flatMap((a, index) =>
    networks.slice(index + 1).flatMap((b) => {
      const compared = a.scope === b.scope || a.scope === "fleet" || b.scope === "fleet";
      if (!compared || !overlap(cidrRange(a.cidr), cidrRange(b.cidr))) return [];
      const problem = `"${b.cidr}" (${b.what}) overlaps "${a.cidr}" (${a.what})`;
      return [{ rule: cidrOverlapRule.id, at: b.at, problem, fix: "give each network a range of its own" }];
    }),
  );
}

function gateways(site: SiteModel): Finding[] {
  return Object.entries(site.networks).flatMap(([name, { cidr, gateway }]) => {
    if (gateway === undefined || contains(usableRange(cidr), gateway)) return [];
    return [
      {
        rule: addressOutsideNetworkRule.id,
        at: below(site.from, "networks", name, "gateway"),
        problem: `the gateway "${gateway}" is not in ${cidr}`,
        fix: `write the router's address in ${cidr}`,
      },
    ];
  });
}
