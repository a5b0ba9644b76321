import ipaddr from "ipaddr.js";

/** Consecutive IPv4 addresses as numbers, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** An IPv4 address as a number. */
export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function fromNumber(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** All addresses of a network in CIDR notation, its own and the broadcast address included. */
export function cidrRange(cidr: string): Range {
  return {
    first: toNumber(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()),
    last: toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString()),
  };
}

/** The network that `cidr` is in when its host bits are cleared: `10.0.20.7/24` → `10.0.20.0/24`. */
export function canonicalCidr(cidr: string): string {
  return `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${cidr.split("/")[1] ?? ""}`;
}

export function contains(range: Range, address: string): boolean {
  const number = toNumber(address);
  return range.first <= number && number <= range.last;
}

export function overlap(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/**
 * The addresses of `cidr` that a machine may have: without the network's own and the broadcast address, which a network of two
 * does not have (RFC 3021).
 */
export function usableRange(cidr: string): Range {
  const { first, last } = cidrRange(cidr);
  return last - first < 2 ? { first, last } : { first: first + 1, last: last - 1 };
}
