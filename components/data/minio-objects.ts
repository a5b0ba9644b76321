import { generated, opaqueSecret, servingCertificate, type ObjectPlan, type RenderContext } from "@isthmus/core";
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
    opaqueSecret(context, { id: "trusted-ca", name: names.trusted, data: { "ca.crt": needs.get("certificates").ca } }),
    opaqueSecret(context, {
      id: "root",
      name: names.root,
      data: { rootUser: "root", rootPassword: generated(names.root, "password") },
    }),
    ...site.peers.map(({ name: peer }) =>
      opaqueSecret(context, {
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

function certificate(context: Context): ObjectPlan {
  const { instance, namespace, args } = context;
  const service = `${instance}.${namespace}.svc`;
  const members = `*.${instance}-svc.${namespace}.svc.cluster.local`;
  return servingCertificate(context, {
    name: minioNames(instance).tls,
    dnsNames: [args.hostName, instance, service, `${service}.cluster.local`, members],
    ipAddresses: [args.address],
  });
}
