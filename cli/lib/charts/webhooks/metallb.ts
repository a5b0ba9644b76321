import ipaddr from "ipaddr.js";
import type { KubernetesObject } from "../kubernetes.ts";
import { demandsOf, doubled, sameKind, textsIn, unread, valueAt, when } from "./demand.ts";

const pools = ["IPAddressPool"];
const advertisements = ["L2Advertisement"];

export const metallbDemands = demandsOf("metallb", "https://github.com/metallb/metallb/blob/v0.16.1", [
  {
    kinds: [...pools, ...advertisements],
    demands: "be in MetalLB's own namespace, where its controller runs",
    source: "internal/k8s/webhooks/webhookv1beta1/ipaddresspool_webhook.go (validateIPAddressPoolCreate)",
    refuses: ({ metadata }, { namespaceOf }) => {
      const own = namespaceOf("metallb");
      return when(metadata.namespace !== own, `resource must be created in ${own ?? ""} namespace`);
    },
  },
  {
    kinds: pools,
    demands: "name at least one network or range, each from a lower to a higher address of one family",
    source: "internal/config/config.go (addressPoolFromCR, ParseCIDR)",
    refuses: (pool) => {
      const addresses = textsIn(valueAt(pool, "spec.addresses"));
      return [
        ...when(addresses.length === 0, "pool has no prefixes defined"),
        ...addresses.filter((one) => rangeOf(one) === undefined).map((one) => `invalid CIDR "${one}"`),
      ];
    },
  },
  {
    kinds: pools,
    demands: "overlap with no other pool, nor with itself",
    source: "internal/config/config.go (poolsFor, cidrsOverlap)",
    refuses: (pool, beside) => {
      const own = rangesOf(pool);
      const others = sameKind(pool, beside).flatMap(rangesOf);
      return own
        .filter((one, index) => [...others, ...own.slice(0, index)].some((other) => overlap(one, other)))
        .map(({ text }) => `CIDR "${text}" overlaps with already defined CIDR`);
    },
  },
  {
    kinds: advertisements,
    demands: "name no pool twice",
    source: "internal/config/config.go (l2AdvertisementFromCR, validateDuplicate)",
    refuses: (advertisement) =>
      doubled(textsIn(valueAt(advertisement, "spec.ipAddressPools"))).map(
        (name) => `duplicate definition of ipAddressPools "${name}"`,
      ),
  },
  unread(pools, "internal/config/config.go (addressPoolServiceAllocationsFromCR)", ["spec.serviceAllocation"]),
  unread(advertisements, "internal/config/config.go (l2AdvertisementFromCR)", [
    "spec.ipAddressPoolSelectors",
    "spec.nodeSelectors",
    "spec.serviceSelectors",
  ]),
]);

interface Range {
  readonly text: string;
  readonly family: string;
  readonly first: bigint;
  readonly last: bigint;
}

const rangesOf = (pool: KubernetesObject): Range[] =>
  textsIn(valueAt(pool, "spec.addresses")).flatMap((one) => rangeOf(one) ?? []);

function rangeOf(text: string): Range | undefined {
  const [first = "", last, ...rest] = text.includes("-") ? text.split("-") : networkEnds(text);
  if (last === undefined || rest.length > 0) return undefined;
  const ends = [first.trim(), last.trim()];
  if (!ends.every((end) => ipaddr.IPv4.isValidFourPartDecimal(end) || ipaddr.IPv6.isValid(end))) return undefined;
  const [from, to] = ends.map((end) => ipaddr.parse(end));
  if (from === undefined || to?.kind() !== from.kind()) return undefined;
  const range = { text, family: from.kind(), first: numberOf(from), last: numberOf(to) };
  return range.first <= range.last ? range : undefined;
}

function networkEnds(cidr: string): readonly string[] {
  if (ipaddr.IPv4.isValidCIDR(cidr))
    return [ipaddr.IPv4.networkAddressFromCIDR(cidr), ipaddr.IPv4.broadcastAddressFromCIDR(cidr)].map(String);
  if (ipaddr.IPv6.isValidCIDR(cidr))
    return [ipaddr.IPv6.networkAddressFromCIDR(cidr), ipaddr.IPv6.broadcastAddressFromCIDR(cidr)].map(String);
  return [];
}

const numberOf = (address: ipaddr.IPv4 | ipaddr.IPv6): bigint =>
  address.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

const overlap = (a: Range, b: Range): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last;
