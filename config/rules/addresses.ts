import {
  below,
  cidrRange,
  contains,
  fromNumber,
  nodePorts,
  overlap,
  toNumber,
  unique,
  usableRange,
  type Finding,
  type Range,
  type SourcePath,
} from "@isthmus/core";
import { poolRange } from "../pools.ts";
import { fleetFile } from "../files.ts";
import type { Model, SiteModel } from "../load.ts";
import { defineRule } from "../rules.ts";

export const addressOutsideNetworkRule = defineRule({
  id: "address-outside-network",
  severity: "high",
  summary: "Every address lies in a network that it may be in.",
  fix: "Write an address in one of the networks that are named.",
  docs: "docs/reference/site.md#networks",
  needsWhole: ["networks", "overlay", "pools"],
});

const addressTwiceRule = defineRule({
  id: "address-twice",
  severity: "high",
  summary: "An address answers at one place only.",
  fix: "Give each its own address.",
  docs: "docs/reference/site.md#nodes",
  needsWhole: [],
});

const poolOverlapRule = defineRule({
  id: "pool-overlap",
  severity: "high",
  summary: "Pools have addresses of their own.",
  fix: "Give each pool addresses of its own.",
  docs: "docs/reference/site.md#pools",
  needsWhole: [],
});

const poolRangeRule = defineRule({
  id: "pool-range",
  severity: "low",
  summary: "A pool ends behind its beginning.",
  fix: "Write the lower address first.",
  docs: "docs/reference/site.md#pools",
  needsWhole: [],
});

const poolNeedsLayer2Rule = defineRule({
  id: "pool-needs-layer-2",
  severity: "high",
  summary: "Pools are in networks that carry ARP.",
  fix: "Take the pool from a network of the site, and let other sites reach ports of nodes.",
  docs: "docs/guide/reach-between-sites.md#from-a-pool-on-the-overlay",
  needsWhole: [],
});

const twoVipsOnOneNetworkRule = defineRule({
  id: "two-vips-on-one-network",
  severity: "high",
  summary: "API addresses of two sites are not announced on one network.",
  fix: "Give each site's API address a place on that site's own network.",
  docs: "docs/reference/site.md#kubernetes",
  needsWhole: [],
});

/** An address, or a range of them, that something holds. */
export interface Held {
  readonly what: string;
  readonly range: Range;
  readonly text: string;
  readonly at: SourcePath;
}

/** Every address lies in its network and has one holder; pools lie apart; each VIP has a network of its own. */
export function checkAddresses(model: Model): Finding[] {
  const held = model.sites.flatMap((site) => heldBySite(site));
  return [
    ...model.sites.flatMap((site) => outsideNetworks(site, model)),
    ...clashes(held),
    ...twoVipsOnOneNetwork(model),
  ];
}

const single = (what: string, address: string, at: SourcePath): Held => {
  const number = toNumber(address);
  return { what, range: { first: number, last: number }, text: address, at };
};

function heldBySite(site: SiteModel): Held[] {
  const gateways = Object.entries(site.networks).flatMap(([name, { gateway }]) =>
    gateway === undefined
      ? []
      : [single(`the gateway of ${name} at ${site.name}`, gateway, below(site.from, "networks", name, "gateway"))],
  );
  const nodes = Object.entries(site.nodes).flatMap(([name, node]) => [
    single(name, node.address, below(site.from, "nodes", name, "address")),
    ...(node.overlay === undefined
      ? []
      : [single(`${name} on the overlay`, node.overlay, below(site.from, "nodes", name, "overlay"))]),
  ]);
  const hosts = Object.entries(site.hosts).map(([name, host]) =>
    single(`host ${name}`, host.address, below(site.from, "hosts", name, "address")),
  );
  const pools = Object.entries(site.pools).map(([name, text]) => ({
    what: `pool ${name} of ${site.name}`,
    range: poolRange(text),
    text,
    at: below(site.from, "pools", name),
  }));
  return [...gateways, ...hosts, ...nodes, ...apiVip(site), ...pools];
}

function apiVip(site: SiteModel): Held[] {
  const { api } = site.kubernetes;
  if (api.kind !== "kube-vip") return [];
  return [single(`the API address of ${site.name}`, api.address, below(site.from, "kubernetes", "api", "address"))];
}

/** Findings where two of `held` share an address: told at the later one. */
export function clashes(held: readonly Held[]): Finding[] {
  const inOrder = held
    .map((one, place) => ({ ...one, place }))
    .sort((a, b) => a.range.first - b.range.first || a.place - b.place);
  return inOrder.flatMap((a, index) => {
    const findings: Finding[] = [];
    for (const b of inOrder.slice(index + 1)) {
      if (b.range.first > a.range.last) break;
      if (overlap(a.range, b.range))
        findings.push(clash(...(a.place < b.place ? ([a, b] as const) : ([b, a] as const))));
    }
    return findings;
  });
}

function clash(first: Held, second: Held): Finding {
  const pools = [first, second].every(({ range }) => range.first !== range.last);
  return {
    rule: (pools ? poolOverlapRule : addressTwiceRule).id,
    at: second.at,
    problem: `"${second.text}" (${second.what}) is also held by ${first.what} ("${first.text}")`,
    fix: pools
      ? "give each pool addresses of its own"
      : "give each its own address: an address answers at one place only",
  };
}

function outsideNetworks(site: SiteModel, { fleet }: Model): Finding[] {
  const lans = Object.values(site.networks).map((network) => network.cidr);
  const overlay = fleet.overlay?.cidr;
  const place = (text: string, at: SourcePath, networks: readonly string[]): Finding[] =>
    networks.some((cidr) => contains(usableRange(cidr), text)) ? [] : [outside(text, at, networks)];
  return [
    ...Object.entries(site.nodes).flatMap(([name, node]) => [
      ...place(node.address, below(site.from, "nodes", name, "address"), lans),
      ...overlayAddress(node.overlay, below(site.from, "nodes", name, "overlay"), overlay),
    ]),
    ...Object.entries(site.hosts).flatMap(([name, host]) =>
      place(host.address, below(site.from, "hosts", name, "address"), lans),
    ),
    ...apiVip(site).flatMap(({ text, at }) => place(text, at, lans)),
    ...Object.entries(site.pools).flatMap(([name, text]) =>
      poolPlace(text, below(site.from, "pools", name), overlay === undefined ? lans : [...lans, overlay]),
    ),
    ...overlayPools(site, fleet.overlay),
  ];
}

function outside(text: string, at: SourcePath, networks: readonly string[]): Finding {
  const fix = `write an address in ${networks.join(" or ") || "a network of the site (there is none)"}`;
  return { rule: addressOutsideNetworkRule.id, at, problem: `"${text}" is in none of the networks it may be in`, fix };
}

function overlayAddress(text: string | undefined, at: SourcePath, overlay: string | undefined): Finding[] {
  if (text === undefined) return [];
  if (overlay === undefined) {
    const problem = `"${text}" is an overlay address, and the fleet has no overlay`;
    return [
      { rule: addressOutsideNetworkRule.id, at, problem, fix: `add overlay to ${fleetFile}, or remove the address` },
    ];
  }
  return contains(usableRange(overlay), text) ? [] : [outside(text, at, [overlay])];
}

function poolPlace(text: string, at: SourcePath, networks: readonly string[]): Finding[] {
  const range = poolRange(text);
  if (range.first > range.last) {
    const fix = `write the lower address first: ${fromNumber(range.last)}-${fromNumber(range.first)}`;
    return [{ rule: poolRangeRule.id, at, problem: `"${text}" ends before it begins`, fix }];
  }
  const inside = networks.some((cidr) => {
    const network = usableRange(cidr);
    return network.first <= range.first && range.last <= network.last;
  });
  return inside ? [] : [outside(text, at, networks)];
}

/**
 * An address that a load balancer announces is on no interface. ZeroTier sends an ARP query only to members that have the
 * address asked for on theirs, and to active bridges, and Tailscale carries no ARP: nobody would ever be asked for it.
 * https://github.com/zerotier/ZeroTierOne/blob/36b4659f77bc480fdc510304bc53f009fde5d629/node/Switch.cpp#L381-L391 and
 * osdep/LinuxEthernetTap.cpp, scanMulticastGroups.
 */
function overlayPools(site: SiteModel, overlay: Model["fleet"]["overlay"]): Finding[] {
  if (overlay === undefined) return [];
  // Where a network of the site overlaps the overlay, that is told.
  const onSite = (text: string): boolean =>
    Object.values(site.networks).some((network) => overlap(poolRange(text), cidrRange(network.cidr)));
  return Object.entries(site.pools)
    .filter(([, text]) => overlap(poolRange(text), cidrRange(overlay.cidr)) && !onSite(text))
    .map(([name, text]) => ({
      rule: poolNeedsLayer2Rule.id,
      at: below(site.from, "pools", name),
      problem: `"${text}" is on the overlay, where nobody would answer for it: ${whyNobody[overlay.provider]}`,
      fix: `take the pool from a network of the site, or remove it: what other sites reach has a port on the nodes' overlay addresses (reach: { network: overlay, port: ${nodePorts.first + 10} })`,
    }));
}

const whyNobody = {
  zerotier:
    "ZeroTier asks only members that have an address on an interface, and a load balancer puts none of these on any",
  tailscale: "Tailscale carries no ARP",
} as const;

/** A VIP answers by ARP: two clusters on one network would answer for one another's machines. */
function twoVipsOnOneNetwork({ fleet, sites }: Model): Finding[] {
  const networks = [
    ...sites.flatMap((site) => Object.values(site.networks).map((network) => network.cidr)),
    ...(fleet.overlay === undefined ? [] : [fleet.overlay.cidr]),
  ];
  const vips = sites.flatMap(apiVip);
  return vips.flatMap((vip, index) => {
    const others = vips.slice(0, index);
    const shared = unique(networks).filter((cidr) => contains(cidrRange(cidr), vip.text));
    const met = shared
      .map((cidr) => ({ cidr, other: others.find(({ text }) => contains(cidrRange(cidr), text)) }))
      .find(({ other }) => other !== undefined);
    if (met?.other === undefined) return [];
    return [
      {
        rule: twoVipsOnOneNetworkRule.id,
        at: vip.at,
        problem: `"${vip.text}" (${vip.what}) is on ${met.cidr}, where ${met.other.what} is announced by ARP too`,
        fix: "give each site's API address a place on that site's own network",
      },
    ];
  });
}
