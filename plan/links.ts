import { fromPeer, sitesWanted, type ObjectPlan, type SiteFacts, type SourcePath } from "@isthmus/core";
import type { ServicePlan } from "./service-plans.ts";

/** Something that waits until another site is up. */
export interface Link {
  /** The other site. */
  readonly site: string;
  /** What waits: the object's id within its service. */
  readonly item: string;
  readonly service: string;
}

/** Everything at a site that another site's outputs complete. */
export function linksOf(services: readonly ServicePlan[]): Link[] {
  return services.flatMap((plan) =>
    plan.objects.flatMap((object) =>
      sitesWanted(object.manifest).map((site) => ({ site, item: object.id, service: plan.instance })),
    ),
  );
}

/** What a site knows of the others, for whatever runs on it: a ConfigMap for each, written once that site is linked. */
export function linksService(facts: SiteFacts): ServicePlan {
  const from: SourcePath = "Pulumi.yaml#/sites";
  const namespace = "isthmus-links";
  const objects = facts.peers.map((peer): ObjectPlan => ({
    id: `peer-${peer.name}`,
    from,
    manifest: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `peer-${peer.name}`, namespace },
      data: {
        domain: peer.domain,
        "ingress-addresses": fromPeer(peer.name, "ingressAddresses"),
        "overlay-addresses": fromPeer(peer.name, "overlayAddresses"),
        "secret-store-address": fromPeer(peer.name, "secretStore.address"),
        "secret-store-ca.pem": fromPeer(peer.name, "secretStore.ca"),
        "object-store-endpoint": fromPeer(peer.name, "objectStore.endpoint"),
        "object-store-ca.pem": fromPeer(peer.name, "objectStore.ca"),
        "metrics-endpoint": fromPeer(peer.name, "metrics.endpoint"),
        "metrics-ca.pem": fromPeer(peer.name, "metrics.ca"),
      },
    },
  }));
  return {
    instance: "links",
    service: "links",
    namespace,
    footprint: { workloads: [], routes: [], addresses: [], podSecurity: "restricted" },
    releases: [],
    objects,
    generates: [],
    offers: {},
    exports: {},
    afterwards: [],
    providers: {},
    from,
  };
}
