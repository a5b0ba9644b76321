import {
  below,
  defineService,
  generated,
  quote,
  type Finding,
  type Footprint,
  type PodPlaces,
  type ReleasePlan,
  type ServiceContext,
  type Workload,
} from "@isthmus/core";
import { certManagerPermissions } from "./privileges.ts";
import { charts } from "../pins.ts";
import { defineRule } from "../rules.ts";

import { caName, internalCa, internalIssuer, publicAuthority, publicIssuer, resolvers } from "./issuers.ts";
import { schema, type Args } from "./schema.ts";

const publicZonePrivateRule = defineRule({
  id: "public-zone-private",
  severity: "high",
  summary: "Public certificates are asked for names in public zones.",
  fix: "Name zones that you own at Cloudflare.",
  docs: "docs/reference/services/cert-manager.md",
});

type Context = ServiceContext<Args>;

/** Issues and renews certificates: of the site's own CA, and of a public one where `acme` is set. */
export const certManager = defineService<Args>({
  name: "cert-manager",
  summary: "cert-manager issues and renews certificates, from the site's own CA and from Let's Encrypt.",
  schema,
  requires: () => [],
  provides: () => ["certificates"],
  offers: ({ instance, args }) => ({
    certificates: {
      internalIssuer,
      ca: generated(caName(instance), "certificate"),
      ...(args.acme === undefined ? {} : { publicIssuer, publicZones: args.acme.cloudflare.zones }),
    },
  }),
  check,
  footprint,
  privileges: ({ instance, namespace }) => ({ permissions: certManagerPermissions(instance, namespace) }),
  generates: ({ instance, site }) => [
    { name: caName(instance), kind: "certificateAuthority", commonName: `Isthmus ${site.name} internal CA` },
  ],
  charts: (context) => [release(context)],
  objects: (context) => [
    ...internalCa(context),
    ...(context.args.acme === undefined ? [] : publicAuthority(context, context.args.acme)),
  ],
  afterwards: ({ instance, namespace, site }) => [
    `Trust the CA of ${site.name} on your devices: kubectl -n ${namespace} get secret ${caName(instance)} -o jsonpath='{.data.tls\\.crt}' | base64 -d`,
  ],
});

/** Zones that no public CA issues certificates for (RFC 8375, ICANN's .internal, RFC 6762, and a common habit). */
const privateZone = /(^|\.)(home\.arpa|internal|local|lan)$/;

function check({ args, from }: Context): Finding[] {
  const zones = args.acme?.cloudflare.zones ?? [];
  return zones
    .map((zone, index) => ({ zone, at: below(from, "acme", "cloudflare", "zones", index) }))
    .filter(({ zone }) => privateZone.test(zone))
    .map(({ zone, at }) => ({
      rule: publicZonePrivateRule.id,
      at,
      problem: `the zone ${quote(zone)} is for private use: no public CA issues certificates for names in it`,
      fix: "name zones that you own at Cloudflare; names in private zones have certificates of the site's own CA",
    }));
}

/** The chart's parts: what they are called in labels and values, and what each needs. */
const parts = [
  {
    name: "controller",
    labels: { "app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller" },
    values: "",
    requests: { memory: "96Mi", cpu: "20m" },
    limits: { memory: "256Mi" },
    // Replicas elect a leader. What was issued stays valid without any of them.
    writes: { kind: "primary", failover: "2m" },
  },
  {
    name: "webhook",
    labels: { "app.kubernetes.io/name": "webhook", "app.kubernetes.io/component": "webhook" },
    values: "webhook.",
    requests: { memory: "48Mi", cpu: "10m" },
    limits: { memory: "128Mi" },
    writes: { kind: "any" },
  },
  {
    name: "cainjector",
    labels: { "app.kubernetes.io/name": "cainjector", "app.kubernetes.io/component": "cainjector" },
    values: "cainjector.",
    requests: { memory: "96Mi", cpu: "10m" },
    limits: { memory: "256Mi" },
    writes: { kind: "primary", failover: "2m" },
  },
] as const;

type Part = (typeof parts)[number];

const startupCheck = { requests: { memory: "32Mi", cpu: "10m" }, limits: { memory: "64Mi" } } as const;

function footprint({ instance, args, site }: Context): Footprint {
  const workload = ({ name, labels, requests, limits, writes }: Part): Workload => ({
    name,
    controller: "Deployment",
    members: { perSite: { [site.name]: args.replicas } },
    selector: { ...labels, "app.kubernetes.io/instance": instance },
    requests,
    limits,
    architectures: ["amd64", "arm64"],
    uses: [],
    reads: { kind: "nothing" },
    writes,
    restarts: { by: "itself", within: "2m" },
    runsOn: { required: [], preferred: [], tolerations: [], spread: [{ over: "host", required: false }] },
    reaches: [],
  });
  const hooks = [{ name: `${instance}-startupapicheck`, controller: "Job", requests: startupCheck.requests }] as const;
  return { workloads: parts.map(workload), routes: [], addresses: [], podSecurity: "restricted", hooks };
}

function release({ instance, namespace, args }: Context): ReleasePlan {
  const disruption = {
    podDisruptionBudget: args.replicas > 1 ? { enabled: true, maxUnavailable: 1 } : { enabled: false },
  };
  return {
    name: instance,
    namespace,
    chart: charts.certManager,
    timeout: "10m",
    webhook: {
      // https://github.com/cert-manager/cert-manager/blob/v1.21.1/internal/apis/certmanager/validation/issuer.go
      refused: {
        apiVersion: "cert-manager.io/v1",
        kind: "ClusterIssuer",
        metadata: { name: "isthmus-probe" },
        spec: {},
      },
      because: "at least one issuer must be configured",
    },
    values: {
      // `keep`: removing the release must not remove every certificate of the site with the definitions.
      crds: { enabled: true, keep: true },
      fullnameOverride: instance,
      // Where a ClusterIssuer looks for its Secrets.
      clusterResourceNamespace: namespace,
      global: { leaderElection: { namespace } },
      ...disruption,
      ...resolvers(args),
      webhook: disruption,
      cainjector: disruption,
      // A job after the first installation: `up` goes on to the issuers only when the API takes them.
      startupapicheck: {
        enabled: true,
        resources: startupCheck,
      },
    },
    pods: Object.fromEntries(parts.map(({ name, values }) => [name, placesUnder(values)])),
  };
}

function placesUnder(path: Part["values"]): PodPlaces {
  return {
    replicas: `${path}replicaCount`,
    requests: `${path}resources.requests`,
    limits: `${path}resources.limits`,
    affinity: `${path}affinity`,
    tolerations: `${path}tolerations`,
  };
}
