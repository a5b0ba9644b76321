import type { FleetPlan, SitePlan } from "../../../plan/plans.ts";
import type { ServicePlan } from "../../../plan/service-plans.ts";
import type { PicturedLink, PicturedService, PicturedSite } from "./fleet.ts";

const overlays = { zerotier: "ZeroTier", tailscale: "Tailscale" } as const;

/** The sites of a plan as the picture shows them. */
export function picturedSites({ sites }: FleetPlan): PicturedSite[] {
  return sites.map(picturedSite);
}

/** What joins the sites, or `undefined` where there is one site or no overlay. */
export function picturedLink({ model, sites }: FleetPlan): PicturedLink | undefined {
  const { overlay } = model.fleet;
  if (overlay === undefined || sites.length < 2) return undefined;
  // `links` itself only passes on what the others use.
  const services = new Set(sites.flatMap(({ links }) => links.map(({ service }) => service)));
  services.delete("links");
  return { overlay: `${overlays[overlay.provider]} ${overlay.cidr}`, services: [...services] };
}

function picturedSite({ site, facts, services }: SitePlan): PicturedSite {
  return {
    name: facts.name,
    nodes: facts.topology.nodes,
    networks: Object.entries(site.networks).map(([name, { cidr }]) => `${name} ${cidr}`),
    apiAddress: site.kubernetes.api.address,
    services: services.filter(({ footprint }) => footprint.workloads.length > 0).map(picturedService),
  };
}

function picturedService({ instance, footprint, offers }: ServicePlan): PicturedService {
  const { addresses, routes, ports = [] } = footprint;
  const where = { overlay: "on the overlay", site: "of each node" } as const;
  return {
    name: instance,
    offers: Object.keys(offers),
    addresses: [
      ...addresses.map(({ address }) => address),
      ...ports.map(({ network, port }) => `port ${port} ${where[network]}`),
    ],
    hostNames: [
      ...[...addresses, ...ports].flatMap(({ hostName }) => hostName ?? []),
      ...routes.map(({ host }) => host),
    ],
  };
}
