import { isIPv4 } from "node:net";
import { nodesOn, type SiteFacts, type SourcePath } from "@isthmus/core";
import type { ServicePlan } from "./service-plans.ts";

/** A name of the fleet. */
export interface DnsRecord {
  readonly name: string;
  readonly type: "A";
  readonly value: string;
  /** Seconds that others may remember it: short where a person may have to point it elsewhere. */
  readonly ttl: number;
  readonly from: SourcePath;
}

const machineTtl = 3600;
const serviceTtl = 60;

/** Every name of a site, sorted: its machines, the API, addresses of services, routes by way of their ingress. */
export function dnsRecords(facts: SiteFacts, apiAddress: string, services: readonly ServicePlan[]): DnsRecord[] {
  const machines = facts.topology.nodes.flatMap((node) => [
    record(`${node.name}.${facts.domain}`, node.address, { ttl: machineTtl, from: node.from }),
    ...(node.overlayAddress === undefined
      ? []
      : [record(`${node.name}.overlay.${facts.domain}`, node.overlayAddress, { ttl: machineTtl, from: node.from })]),
  ]);
  const apiFrom: SourcePath = `Pulumi.${facts.name}.yaml#/kubernetes/api`;
  // An API that is reached by a name of its own needs none of ours.
  const api = isIPv4(apiAddress) ? [record(`api.${facts.domain}`, apiAddress, { ttl: serviceTtl, from: apiFrom })] : [];
  const routes = services.flatMap((plan) =>
    plan.footprint.routes.flatMap((route) => {
      const ingress = ingressAddress(route.exposure, services);
      return ingress === undefined ? [] : [record(route.host, ingress, { ttl: serviceTtl, from: route.from })];
    }),
  );
  return sorted([...machines, ...api, ...claimRecords(facts, services), ...routes]);
}

/** Names of services: of an address of their own, or of every node at which their port is reached. */
export function claimRecords({ topology }: SiteFacts, services: readonly ServicePlan[]): DnsRecord[] {
  const records = services.flatMap(({ footprint }) => [
    ...footprint.addresses.flatMap(({ hostName, address, from }) =>
      hostName === undefined ? [] : [record(hostName, address, { ttl: serviceTtl, from })],
    ),
    ...(footprint.ports ?? []).flatMap(({ hostName, network, from }) =>
      nodesOn(topology, network).map(({ address }) => record(hostName, address, { ttl: serviceTtl, from })),
    ),
  ]);
  return sorted(records);
}

const sorted = (records: readonly DnsRecord[]): DnsRecord[] =>
  [...records].sort((a, b) => (a.name === b.name ? a.value.localeCompare(b.value) : a.name.localeCompare(b.name)));

function record(name: string, value: string, rest: Pick<DnsRecord, "ttl" | "from">): DnsRecord {
  return { name, type: "A", value, ...rest };
}

function ingressAddress(exposure: "public" | "private", services: readonly ServicePlan[]): string | undefined {
  return services.find((plan) => plan.offers[`ingress/${exposure}`] !== undefined)?.offers[`ingress/${exposure}`]
    ?.address;
}
