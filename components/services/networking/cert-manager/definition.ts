import { z } from "zod";
import {
  below,
  defineService,
  generated,
  opaqueSecret,
  quote,
  secret,
  shapes,
  type Finding,
  type Footprint,
  type ObjectPlan,
  type PodPlaces,
  type ReleasePlan,
  type ServiceContext,
  type Values,
  type Workload,
  urlShape,
} from "@isthmus/core";
import { certManagerPermissions } from "./privileges.ts";
import { charts } from "../pins.ts";
import { defineRule } from "../rules.ts";

const publicZonePrivateRule = defineRule({
  id: "public-zone-private",
  severity: "high",
  summary: "Public certificates are asked for names in public zones.",
  fix: "Name zones that you own at Cloudflare.",
  docs: "docs/reference/services/cert-manager.md",
});

/** https://letsencrypt.org/docs/acme-protocol-updates/ and https://letsencrypt.org/docs/staging-environment/ */
const letsEncrypt = {
  production: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
} as const;

const acmeSettings = z.strictObject({
  email: z.email().describe("Where the certificate authority writes to about the account."),
  server: z
    .union([z.enum(["production", "staging"]), urlShape({ protocol: /^https$/ })])
    .default("production")
    .describe(
      "Let's Encrypt's production or staging service (staging: no browser trusts it, but its limits are wide), or the https URL of another ACME directory. Default: production.",
    ),
  cloudflare: z
    .strictObject({
      zones: z
        .array(shapes.hostName)
        .min(1)
        .describe(
          "The DNS zones at Cloudflare in which public names stand. Only names in them get public certificates.",
        ),
      token: shapes.secretName.describe(
        "The name of the secret that holds a Cloudflare API token with Zone:Read and DNS:Edit for these zones.",
      ),
    })
    .describe(
      "Ownership is proved by DNS records at Cloudflare (DNS-01), so that nothing has to be open to the internet.",
    ),
  nameservers: z
    .array(z.string().regex(/^[0-9a-f.:[\]]+:\d{1,5}$/, "an IP address with a port, such as 1.1.1.1:53"))
    .min(1)
    .default(["1.1.1.1:53", "9.9.9.9:53"])
    .describe(
      "Resolvers, as address:port, that are asked whether the proof is visible. Default: 1.1.1.1:53 and 9.9.9.9:53. The site's own resolver often answers public names with private addresses and would hide it.",
    ),
});

const schema = z.strictObject({
  acme: acmeSettings
    .optional()
    .describe(
      "Certificates that the whole world trusts. Without it there are only those of the site's own CA, and no public routes.",
    ),
  replicas: z
    .int()
    .min(1)
    .max(3)
    .default(1)
    .describe(
      "Pods of each of the three parts, 1 to 3. Default: 1, as certificates that exist are served without any of them.",
    ),
});

type Args = z.infer<typeof schema>;
type Context = ServiceContext<Args>;

const publicIssuer = "public";
const internalIssuer = "internal";

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

const caName = (instance: string): string => `${instance}-ca`;

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

function resolvers({ acme }: Args): Values {
  if (acme === undefined) return {};
  return { dns01RecursiveNameservers: acme.nameservers.join(","), dns01RecursiveNameserversOnly: true };
}

function internalCa({ instance, namespace, from }: Context): ObjectPlan[] {
  const name = caName(instance);
  return [
    {
      id: "internal-ca",
      from,
      manifest: {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": generated(name, "certificate"), "tls.key": generated(name, "privateKey") },
      },
    },
    {
      id: "issuer-internal",
      after: [`release/${instance}`, "object/internal-ca"],
      from,
      manifest: {
        apiVersion: "cert-manager.io/v1",
        kind: "ClusterIssuer",
        metadata: { name: internalIssuer },
        spec: { ca: { secretName: name } },
      },
    },
  ];
}

function publicAuthority(context: Context, acme: NonNullable<Args["acme"]>): ObjectPlan[] {
  const { instance, from } = context;
  const tokenSecret = `${instance}-cloudflare`;
  const { zones, token } = acme.cloudflare;
  const server = acme.server === "production" || acme.server === "staging" ? letsEncrypt[acme.server] : acme.server;
  const apiTokenSecretRef = { name: tokenSecret, key: "api-token" };
  return [
    opaqueSecret(context, { id: "cloudflare-token", name: tokenSecret, data: { "api-token": secret(token) } }),
    {
      id: "issuer-public",
      after: [`release/${instance}`, "object/cloudflare-token"],
      from,
      manifest: {
        apiVersion: "cert-manager.io/v1",
        kind: "ClusterIssuer",
        metadata: { name: publicIssuer },
        spec: {
          acme: {
            server,
            email: acme.email,
            privateKeySecretRef: { name: `${instance}-acme-account` },
            solvers: [{ selector: { dnsZones: zones }, dns01: { cloudflare: { apiTokenSecretRef } } }],
          },
        },
      },
    },
  ];
}
