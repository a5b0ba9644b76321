import { generated, type Manifest, type ObjectPlan, type RenderContext } from "@isthmus/core";
import { backupAccount } from "./backup-bucket.ts";
import type { MinioArgs } from "./minio-arguments.ts";

type Context = RenderContext<MinioArgs>;

/** Names of the Secrets; the root one is also that of its generated password. */
export const minioNames = (instance: string) => ({
  root: `${instance}-root`,
  tls: `${instance}-tls`,
  trusted: `${instance}-trusted-ca`,
});
export const accountSecret = (instance: string, peer: string): string => `${instance}-account-${peer}`;
export const accountSecretKey = "secretKey";
/** The generated password of a site's account. */
export const passwordOf = accountSecret;

export function minioObjects(context: Context): ObjectPlan[] {
  const { instance, site, needs } = context;
  const names = minioNames(instance);
  return [
    certificate(context),
    // Only the CA: servers trust one another through renewals of their certificates.
    secretObject(context, { id: "trusted-ca", name: names.trusted, data: { "ca.crt": needs.get("certificates").ca } }),
    secretObject(context, {
      id: "root",
      name: names.root,
      data: { rootUser: "root", rootPassword: generated(names.root, "password") },
    }),
    ...site.peers.map(({ name: peer }) =>
      secretObject(context, {
        id: `account-${peer}`,
        name: accountSecret(instance, peer),
        data: {
          accessKey: backupAccount(peer),
          [accountSecretKey]: generated(passwordOf(instance, peer), "password"),
        },
      }),
    ),
  ];
}

function secretObject(
  { namespace, from }: Context,
  { id, name, data }: { id: string; name: string; data: Record<string, unknown> },
): ObjectPlan {
  const manifest: Manifest = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "Opaque",
    stringData: data,
  };
  return { id, manifest, from };
}

function certificate({ instance, namespace, args, needs, from }: Context): ObjectPlan {
  const service = `${instance}.${namespace}.svc`;
  return {
    id: "certificate",
    from,
    manifest: {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { name: minioNames(instance).tls, namespace },
      spec: {
        secretName: minioNames(instance).tls,
        duration: "2160h",
        renewBefore: "720h",
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        dnsNames: [
          args.hostName,
          instance,
          service,
          `${service}.cluster.local`,
          `*.${instance}-svc.${namespace}.svc.cluster.local`,
        ],
        ipAddresses: [args.address],
        issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: needs.get("certificates").internalIssuer },
      },
    },
  };
}
