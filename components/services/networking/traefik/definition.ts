import {
  below,
  defineService,
  type CapabilityName,
  type Finding,
  type Footprint,
  type ReleasePlan,
  type RenderContext,
  nodesOpenTo,
  type ServiceContext,
  type StatedPermissions,
  unique,
  type SiteFacts,
} from "@isthmus/core";
import { namespacesOf, routeFindings, routeObjects, tlsOptions } from "./routes.ts";
import { traefikSchema, type TraefikArgs } from "./schema.ts";
import { charts } from "../pins.ts";
import { defineRule } from "../rules.ts";

const publicWithoutCertificatesRule = defineRule({
  id: "public-without-certificates",
  severity: "high",
  summary: "Public routes have certificates that browsers trust.",
  fix: "Set acme of cert-manager.",
  docs: "docs/reference/services/cert-manager.md",
});

const publicWithoutAuthenticationRule = defineRule({
  id: "public-without-authentication",
  severity: "critical",
  summary: "It is said who asks for a password on public routes.",
  fix: "Set authentication to {users: NAME OF A SECRET}, or to by-backends where every application has a login.",
  docs: "docs/reference/services/traefik.md",
  needsWhole: [],
});

type Context = ServiceContext<TraefikArgs>;

/** One way in: for the internet, or for the site's own networks. A site may have one of each. */
export const traefik = defineService<TraefikArgs>({
  name: "traefik",
  summary: "Traefik serves the names of a site's public or private routes over TLS.",
  schema: traefikSchema,
  requires: () => ["loadBalancer", "certificates"],
  provides: ({ exposure }) => [capability(exposure)],
  check,
  offers: ({ instance, args }) => ({ [capability(args.exposure)]: { className: instance, address: args.address } }),
  footprint,
  privileges: (context) => ({ permissions: permissions(context) }),
  checkRoutes: routeFindings,
  charts: (context) => [release(context)],
  objects: (context) => [tlsOptions(context), ...routeObjects(context)],
});

const capability = (exposure: TraefikArgs["exposure"]): CapabilityName & `ingress/${string}` => `ingress/${exposure}`;

function check({ args, needs, from }: Context): Finding[] {
  if (args.exposure === "private") return [];
  const findings: Finding[] = [];
  if (needs.get("certificates").publicIssuer === undefined) {
    findings.push({
      rule: publicWithoutCertificatesRule.id,
      at: below(from, "exposure"),
      problem: 'exposure is "public", and the site has no issuer of certificates that browsers trust',
      fix: "set acme of cert-manager; a certificate of the site's own CA would teach people to click warnings away",
    });
  }
  if (args.authentication === undefined) {
    findings.push({
      rule: publicWithoutAuthenticationRule.id,
      at: below(from, "authentication"),
      problem: 'exposure is "public", and nothing says who asks for a password',
      fix: "set authentication to {users: <name of a secret>}, or to by-backends where every application has a login",
    });
  }
  return findings;
}

/** Kept apart for certain where a node more than replicas is there. One alone would only be down while it is replaced. */
function apartForCertain(replicas: number, site: SiteFacts): boolean {
  return replicas > 1 && nodesOpenTo(site.topology).length > replicas;
}

function footprint({ instance, args, site, from }: Context): Footprint {
  return {
    workloads: [
      {
        name: "traefik",
        controller: "Deployment",
        members: { perSite: { [site.name]: args.replicas } },
        selector: { "app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": instance },
        requests: { memory: "128Mi", cpu: "100m" },
        sizedBy: [below(from, "replicas")],
        limits: { memory: "256Mi" },
        architectures: ["amd64", "arm64"],
        // Its address is announced; assigning it anew is not needed.
        uses: [{ capability: "loadBalancer", to: ["read"] }],
        reads: { kind: "any" },
        writes: { kind: "any" },
        restarts: { by: "itself", within: "1m" },
        runsOn: {
          required: [],
          preferred: [],
          tolerations: [],
          spread: [
            { over: "host", required: false },
            { over: "node", required: apartForCertain(args.replicas, site) },
          ],
        },
        reaches: [],
      },
    ],
    routes: [],
    addresses: [{ name: instance, pool: args.pool, address: args.address, from: below(from, "address") }],
    podSecurity: "restricted",
  };
}

/** Certificates and passwords of its routes. */
function permissions(context: RenderContext<TraefikArgs>): StatedPermissions[] {
  const { instance, namespace, args } = context;
  const of = (where: string, why: string): StatedPermissions => ({
    subject: instance,
    in: where,
    may: ["read Secrets"],
    why,
  });
  if (args.exposure === "private")
    return [of("cluster", "an Ingress of any namespace names the Secret with its certificate")];
  return unique([namespace, ...namespacesOf(context)]).map((where) =>
    of(where, "routes that lead there name Secrets with certificates and passwords, and it reads no others"),
  );
}

/**
 * The release brings Traefik's CRDs (the chart's `crds/`), whichever instance comes first: Helm creates those that are
 * absent, leaves alone those that exist, and removes none with a release. So two instances need no order between them,
 * and one may leave. (An owner would need an order across instances, or be the one that a site happens not to have.)
 * What Helm does not do is upgrade them: see the README.
 */
function release(context: RenderContext<TraefikArgs>): ReleasePlan {
  const { instance, namespace, args, needs } = context;
  const isPrivate = args.exposure === "private";
  const others = namespacesOf(context).filter((one) => one !== namespace);
  return {
    name: instance,
    namespace,
    chart: charts.traefik,
    timeout: "10m",
    ...(isPrivate ? {} : { alsoIn: others }),
    values: {
      fullnameOverride: instance,
      instanceLabelOverride: instance,
      // What the internet reaches reads Secrets only where its routes lead. The private one takes up Ingress objects of any namespace.
      rbac: { namespaced: !isPrivate },
      deployment: { enabled: true, kind: "Deployment" },
      podDisruptionBudget: args.replicas > 1 ? { enabled: true, maxUnavailable: 1 } : { enabled: false },
      // Ingress objects go past our middlewares, so only the private instance serves them, and only by its class.
      ingressClass: isPrivate ? { enabled: true, isDefaultClass: false, name: instance } : { enabled: false },
      providers: {
        kubernetesCRD: {
          enabled: true,
          // Its own too: the TLSOption of all is there.
          ...(isPrivate ? {} : { namespaces: [namespace, ...others] }),
          ingressClass: instance,
          allowCrossNamespace: false,
          allowExternalNameServices: false,
          // Every instance sees the TLSOption "default" of the others; two of them would cancel each other out.
          defaultTLSResourcesNamespace: namespace,
        },
        kubernetesIngress: isPrivate
          ? { enabled: true, ingressClass: instance, allowExternalNameServices: false }
          : { enabled: false },
      },
      core: { strictTLSOptions: true },
      api: { dashboard: false },
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      accessLog: { enabled: true, format: "json" },
      ports: {
        web: { http: { redirections: { entryPoint: { to: "websecure", scheme: "https", permanent: true } } } },
        websecure: { http: { tls: { enabled: true } } },
      },
      service: {
        annotations: { [needs.get("loadBalancer").addressAnnotation]: args.address },
        // Local keeps clients' addresses, which rate limits, allow-lists and logs go by; Cluster would show a node's.
        // Its price: only nodes with a ready pod announce the address, and one pod carries all traffic. By ARP all of it
        // enters through one node in any case; replicas on other nodes are what takes over.
        spec: { type: "LoadBalancer", externalTrafficPolicy: "Local" },
      },
    },
    pods: {
      traefik: {
        replicas: "deployment.replicas",
        requests: "resources.requests",
        limits: "resources.limits",
        affinity: "affinity",
        tolerations: "tolerations",
        rollout: "updateStrategy",
      },
    },
  };
}
