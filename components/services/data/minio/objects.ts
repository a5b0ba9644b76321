import {
  entryAddresses,
  generated,
  opaqueSecret,
  servingCertificate,
  type ObjectPlan,
  type RenderContext,
  type TlsServer,
} from "@isthmus/core";
import { backupAccount } from "../backup-bucket.ts";
import { membersBySite, type MinioArgs } from "./schema.ts";

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
  const { instance, args } = context;
  return servingCertificate(context, {
    name: minioNames(instance).tls,
    servers: [storeService(context), membersService(context)],
    dnsNames: [args.hostName],
    ipAddresses: entryAddresses(args.reach),
  });
}

/** Whichever server answers: for clients, and for the jobs of the chart. */
export function storeService({ instance, namespace }: Pick<Context, "instance" | "namespace">): TlsServer {
  return { service: instance, namespace };
}

/**
 * Each server by its own name. The chart has them call one another `https://<pod>.<instance>-svc.<namespace>.svc`, without the
 * cluster's domain: https://github.com/minio/minio/blob/master/helm/minio/templates/statefulset.yaml
 */
function membersService(context: Context): TlsServer {
  const { instance, namespace, site } = context;
  const members = membersBySite(context)[site.name] ?? 0;
  const pods = Array.from({ length: members }, (_, index) => `${instance}-${index}`);
  return { service: `${instance}-svc`, namespace, pods };
}
