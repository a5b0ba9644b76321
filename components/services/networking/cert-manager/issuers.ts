import { generated, opaqueSecret, secret, type ObjectPlan, type ServiceContext, type Values } from "@isthmus/core";

import { type Args } from "./schema.ts";

type Context = ServiceContext<Args>;

/** https://letsencrypt.org/docs/acme-protocol-updates/ and https://letsencrypt.org/docs/staging-environment/ */
const letsEncrypt = {
  production: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
} as const;

export const publicIssuer = "public";
export const internalIssuer = "internal";

export const caName = (instance: string): string => `${instance}-ca`;

export function resolvers({ acme }: Args): Values {
  if (acme === undefined) return {};
  return { dns01RecursiveNameservers: acme.nameservers.join(","), dns01RecursiveNameserversOnly: true };
}

export function internalCa({ instance, namespace, from }: Context): ObjectPlan[] {
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

export function publicAuthority(context: Context, acme: NonNullable<Args["acme"]>): ObjectPlan[] {
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
