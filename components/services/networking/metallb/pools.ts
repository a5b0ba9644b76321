import { closest } from "fastest-levenshtein";
import { z } from "zod";
import {
  below,
  networkAround,
  quote,
  readablePath,
  shapes,
  topologyKey,
  whoStandsWhere,
  type AddressPool,
  type Finding,
  type ObjectPlan,
  type ServiceContext,
  type SiteFacts,
  type SourcePath,
  noNodeOnNetworkRule,
  unknownPoolRule,
} from "@isthmus/core";

const poolSettings = z.strictObject({
  autoAssign: z
    .boolean()
    .optional()
    .describe("Whether a Service that asks for no particular address may get one of this pool. Default: true."),
  interfaces: z
    .array(shapes.networkInterface)
    .min(1)
    .optional()
    .describe(
      "Network interfaces of the nodes on which the pool's addresses are announced by ARP, of any node that has them. Default: all, of the nodes whose address is in the pool's network.",
    ),
});

export const metallbSchema = z.strictObject({
  pools: z
    .record(shapes.name, poolSettings)
    .default({})
    .describe("Settings of the site's pools, by name. A pool that is not named here has the defaults."),
});

export type MetallbArgs = z.infer<typeof metallbSchema>;
type Context = ServiceContext<MetallbArgs>;

export function unknownPools(args: MetallbArgs, site: SiteFacts, from: SourcePath): Finding[] {
  const names = Object.keys(site.pools);
  return Object.keys(args.pools)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      rule: unknownPoolRule.id,
      at: below(from, "pools", name),
      problem: `the site has no pool ${quote(name)}; it has ${names.join(", ")}`,
      fix: `did you mean ${closest(name, names)}?`,
    }));
}

/** Who answers ARP for an address is heard in the network that the node stands in, unless it has an interface in another. */
export function unheardPools(args: MetallbArgs, { pools, networks, topology }: SiteFacts, from: SourcePath): Finding[] {
  // A node whose own address is wrong is told by itself.
  const placed = networks.flatMap(({ nodes }) => nodes);
  if (placed.length === 0 || !topology.nodes.every(({ name }) => placed.includes(name))) return [];
  return Object.values(pools).flatMap((pool) => {
    const network = networkAround(networks, pool.first);
    if (network === undefined || network.nodes.length > 0 || args.pools[pool.name]?.interfaces !== undefined) return [];
    const problem = `${quote(`${pool.first}-${pool.last}`)} is in network ${network.name}, in which no node stands to answer for its addresses: ${whoStandsWhere(networks)}`;
    const fix = `take the pool from a network with nodes, or, where nodes have an interface in ${network.name} too, name it in ${readablePath(below(from, "pools", pool.name, "interfaces"))}`;
    return [{ rule: noNodeOnNetworkRule.id, at: pool.from, problem, fix }];
  });
}

export function announcedPool(pool: AddressPool, { instance, namespace, args, site }: Context): ObjectPlan[] {
  const { autoAssign = true, interfaces } = args.pools[pool.name] ?? {};
  const heard = networkAround(site.networks, pool.first)?.nodes ?? [];
  const elsewhere = heard.length < site.topology.nodes.length;
  const metadata = { name: pool.name, namespace };
  return [
    {
      id: `pool-${pool.name}`,
      after: [`release/${instance}`],
      from: pool.from,
      manifest: {
        apiVersion: "metallb.io/v1beta1",
        kind: "IPAddressPool",
        metadata,
        // Addresses that end in .0 or .255 are refused by some old clients; a range that holds them was chosen by a person.
        spec: { addresses: [`${pool.first}-${pool.last}`], autoAssign, avoidBuggyIPs: false },
      },
    },
    {
      id: `announcement-${pool.name}`,
      after: [`release/${instance}`, `object/pool-${pool.name}`],
      from: pool.from,
      manifest: {
        apiVersion: "metallb.io/v1beta1",
        kind: "L2Advertisement",
        metadata,
        spec: {
          ipAddressPools: [pool.name],
          ...(interfaces === undefined ? {} : { interfaces }),
          // https://metallb.io/configuration/_advanced_l2_configuration/: every speaker is eligible, wherever its node stands.
          ...(interfaces === undefined && elsewhere ? { nodeSelectors: heard.map(selectNode) } : {}),
        },
      },
    },
  ];
}

const selectNode = (name: string) => ({ matchLabels: { [topologyKey.node]: name } });
