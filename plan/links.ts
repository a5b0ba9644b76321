import { fromPeer, sitesWanted, whenLinked, type SiteFacts, type SourcePath } from "@isthmus/core";
import { clusterDns } from "./cluster-dns.ts";
import type { DnsRecord } from "./dns.ts";
import type { PlacedObject, ServicePlan } from "./service-plans.ts";

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

/** In k3s' own namespace, where its CoreDNS looks. */
function namesInCluster(names: readonly DnsRecord[], from: SourcePath): PlacedObject {
  return {
    id: "names",
    from,
    holdsData: false,
    manifest: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns-custom", namespace: "kube-system" },
      data: { "isthmus.server": clusterDns(names) },
    },
  };
}

/**
 * What a site knows of the others, for whatever runs on it: a ConfigMap for each, written once that site is linked. It
 * holds what the other one offers: not every site has a Vault or an object store. And the names of all sites' services,
 * which pods ask the cluster's DNS for.
 */
export function linksService(facts: SiteFacts, names: readonly DnsRecord[]): ServicePlan {
  const from: SourcePath = "Pulumi.yaml#/sites";
  const namespace = "isthmus-links";
  const offered = (site: string, output: string) => whenLinked(site, fromPeer(site, output));
  const peers = facts.peers.map((peer): PlacedObject => ({
    id: `peer-${peer.name}`,
    from,
    holdsData: false,
    manifest: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `peer-${peer.name}`, namespace },
      data: {
        domain: peer.domain,
        "ingress-addresses": fromPeer(peer.name, "ingressAddresses"),
        "overlay-addresses": fromPeer(peer.name, "overlayAddresses"),
        "secret-store-address": offered(peer.name, "secretStore.address"),
        "secret-store-ca.pem": offered(peer.name, "secretStore.ca"),
        "object-store-endpoint": offered(peer.name, "objectStore.endpoint"),
        "object-store-ca.pem": offered(peer.name, "objectStore.ca"),
        "metrics-endpoint": offered(peer.name, "metrics.endpoint"),
        "metrics-ca.pem": offered(peer.name, "metrics.ca"),
      },
    },
  }));
  const objects = names.length === 0 ? peers : [...peers, namesInCluster(names, from)];
  return {
    instance: "links",
    service: "links",
    namespace,
    footprint: { workloads: [], routes: [], addresses: [], podSecurity: "restricted" },
    privileges: {},
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
