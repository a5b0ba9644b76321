import {
  quote,
  secret,
  unique,
  type Finding,
  type Manifest,
  type ObjectPlan,
  type RenderContext,
  type Route,
  type Values,
} from "@isthmus/core";
import { usualRateLimit, type TraefikArgs } from "./schema.ts";
import { defineRule } from "../rules.ts";

const routeWithoutLoginRule = defineRule({
  id: "route-without-login",
  severity: "critical",
  summary: "Somebody asks for a password before an application without a login.",
  fix: "Set authentication to {users: NAME OF A SECRET}, or leave the route out.",
  docs: "docs/reference/services/traefik.md",
});

const publicHostOutsideZonesRule = defineRule({
  id: "public-host-outside-zones",
  severity: "high",
  summary: "Public names lie in zones that public certificates are issued for.",
  fix: "Take a name in one of these zones, or add its zone to acme.cloudflare.zones of cert-manager.",
  docs: "docs/reference/services/cert-manager.md",
});

type Context = RenderContext<TraefikArgs>;

const apiVersion = "traefik.io/v1alpha1";

export function routeFindings(context: Context): Finding[] {
  return [...outsideZones(context), ...withoutLogin(context)];
}

/** Nobody would ask for a password: neither the application nor its ingress. */
function withoutLogin(context: Context): Finding[] {
  const { instance, args } = context;
  if (typeof args.authentication === "object") return [];
  return routesOf(context)
    .filter(({ hasLogin }) => !hasLogin)
    .map(({ host, from }) => ({
      rule: routeWithoutLoginRule.id,
      at: from,
      problem: `${quote(host)} leads to an application without a login, and ${instance} asks for no password: who reaches it may do everything`,
      fix: `set authentication of ${instance} to {users: <name of a secret>}, or leave the route out`,
    }));
}

/** A public name outside the zones of the public issuer would wait for its certificate for ever. */
function outsideZones(context: Context): Finding[] {
  const zones = context.needs.get("certificates").publicZones;
  if (context.args.exposure === "private" || zones === undefined) return [];
  return routesOf(context)
    .filter(({ host }) => !zones.some((zone) => host === zone || host.endsWith(`.${zone}`)))
    .map(({ host, from }) => ({
      rule: publicHostOutsideZonesRule.id,
      at: from,
      problem: `${quote(host)} is in none of the zones that public certificates are issued for: ${zones.join(", ")}`,
      fix: "take a name in one of these zones, or add its zone to acme.cloudflare.zones of cert-manager",
    }));
}

/**
 * What every TLS connection of the instance has to keep to. A client that names a host without a certificate is turned
 * away in the handshake; a host without a route gets a 404.
 */
export function tlsOptions({ instance, namespace, from }: Context): ObjectPlan {
  return {
    id: "tls-options",
    after: [`release/${instance}`],
    from,
    manifest: {
      apiVersion,
      kind: "TLSOption",
      metadata: { name: "default", namespace },
      spec: {
        minVersion: "VersionTLS12",
        sniStrict: true,
        cipherSuites: [
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ],
      },
    },
  };
}

/** Certificates, middlewares and routes, each in the namespace of what it leads to: nothing refers across namespaces. */
export function routeObjects(context: Context): ObjectPlan[] {
  const routes = routesOf(context);
  return [
    ...namespacesOf(context).flatMap((namespace) => middlewares(context, namespace)),
    ...routes.flatMap((route) => [
      certificate(context, route),
      ...transport(context, route),
      ingressRoute(context, route),
    ]),
  ];
}

/** Where its routes lead, and so where it has objects. */
export const namespacesOf = (context: Context): readonly string[] =>
  unique(routesOf(context).map((route) => route.namespace));

function routesOf({ routes, args }: Context): Route[] {
  return routes.filter((route) => route.exposure === args.exposure);
}

interface Middleware {
  /** The last part of its name. */
  readonly suffix: string;
  readonly spec: Values;
}

/** In the order in which a request passes them. */
function chain({ instance, args }: Context): Middleware[] {
  const rateLimit = args.rateLimit ?? (args.exposure === "public" ? usualRateLimit : undefined);
  const { authentication, allowedSources } = args;
  return [
    ...(allowedSources === undefined
      ? []
      : [{ suffix: "allowed-sources", spec: { ipAllowList: { sourceRange: allowedSources } } }]),
    ...(rateLimit === undefined ? [] : [{ suffix: "rate-limit", spec: { rateLimit: { ...rateLimit, period: "1s" } } }]),
    ...(typeof authentication === "object"
      ? [{ suffix: "authentication", spec: { basicAuth: { secret: usersSecret(instance), removeHeader: true } } }]
      : []),
    { suffix: "headers", spec: { headers: securityHeaders } },
  ];
}

const securityHeaders: Values = {
  stsSeconds: 31_536_000,
  contentTypeNosniff: true,
  referrerPolicy: "strict-origin-when-cross-origin",
  customFrameOptionsValue: "SAMEORIGIN",
};

const usersSecret = (instance: string): string => `${instance}-users`;

function middlewares(context: Context, namespace: string): ObjectPlan[] {
  const { instance, args, from } = context;
  const { authentication } = args;
  const users: ObjectPlan[] =
    typeof authentication !== "object"
      ? []
      : [
          {
            id: `${namespace}-users`,
            after: [`release/${instance}`],
            from,
            manifest: {
              apiVersion: "v1",
              kind: "Secret",
              metadata: { name: usersSecret(instance), namespace },
              type: "Opaque",
              stringData: { users: secret(authentication.users) },
            },
          },
        ];
  const ours = chain(context).map(({ suffix, spec }) => ({
    id: `${namespace}-${suffix}`,
    after: [`release/${instance}`],
    from,
    manifest: { apiVersion, kind: "Middleware", metadata: inClass(context, `${instance}-${suffix}`, namespace), spec },
  }));
  return [...users, ...ours];
}

/** Metadata of an object that only this instance takes up. */
function inClass({ instance }: Context, name: string, namespace: string): Manifest["metadata"] {
  return { name, namespace, annotations: { "kubernetes.io/ingress.class": instance } };
}

function certificate({ args, needs }: Context, route: Route): ObjectPlan {
  const { publicIssuer, internalIssuer } = needs.get("certificates");
  // `check` refuses a public instance without a public issuer; the fallback keeps the rest of the preview whole.
  const issuer = args.exposure === "public" ? (publicIssuer ?? internalIssuer) : internalIssuer;
  return {
    id: `certificate-${route.name}`,
    from: route.from,
    manifest: {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { name: route.name, namespace: route.namespace },
      spec: {
        secretName: tlsSecret(route),
        dnsNames: [route.host],
        issuerRef: { name: issuer, kind: "ClusterIssuer", group: "cert-manager.io" },
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      },
    },
  };
}

const tlsSecret = (route: Route): string => `${route.name}-tls`;

/** How an https backend is verified. Without `verify` it has to have a certificate that public CAs signed. */
function transport(context: Context, route: Route): ObjectPlan[] {
  const { verify } = route.backend;
  if (verify === undefined) return [];
  return [
    {
      id: `transport-${route.name}`,
      after: [`release/${context.instance}`],
      from: route.from,
      manifest: {
        apiVersion,
        kind: "ServersTransport",
        metadata: inClass(context, route.name, route.namespace),
        spec: { serverName: verify.serverName, rootCAs: [{ secret: verify.caSecret }] },
      },
    },
  ];
}

function ingressRoute(context: Context, route: Route): ObjectPlan {
  const { service, port, scheme, verify } = route.backend;
  return {
    id: `route-${route.name}`,
    after: [
      `release/${context.instance}`,
      ...chain(context).map(({ suffix }) => `object/${route.namespace}-${suffix}`),
    ],
    from: route.from,
    manifest: {
      apiVersion,
      kind: "IngressRoute",
      metadata: inClass(context, route.name, route.namespace),
      spec: {
        entryPoints: ["websecure"],
        routes: [
          {
            kind: "Rule",
            match: `Host(\`${route.host}\`)`,
            middlewares: chain(context).map(({ suffix }) => ({ name: `${context.instance}-${suffix}` })),
            services: [
              { name: service, port, scheme, ...(verify === undefined ? {} : { serversTransport: route.name }) },
            ],
          },
        ],
        tls: { secretName: tlsSecret(route) },
      },
    },
  };
}
