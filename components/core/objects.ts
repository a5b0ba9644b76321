import type { ObjectPlan } from "./plan.ts";
import { serverNames, type TlsServer } from "./server-names.ts";
import type { RenderContext } from "./service.ts";

type Owner = Pick<RenderContext<unknown>, "namespace" | "from">;

/** A Secret in the service's namespace. Values are references: what they stand for is known only when it is deployed. */
export function opaqueSecret(
  { namespace, from }: Owner,
  { id, name, data }: { readonly id: string; readonly name: string; readonly data: Readonly<Record<string, unknown>> },
): ObjectPlan {
  const metadata = { name, namespace };
  return { id, from, manifest: { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", stringData: data } };
}

export interface ServingNames {
  /** Of the object in the plan. Default: `certificate`. */
  readonly id?: string | undefined;
  /** Of the Certificate, and of the Secret that it fills. */
  readonly name: string;
  /** The Services that are reached with it: it holds every name that pods may call them by. */
  readonly servers: readonly TlsServer[];
  /** Names beside those, such as one of the site's zone. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** What servers show, signed by the site's own CA: 90 days, renewed after 60. */
export function servingCertificate(
  { namespace, from, needs }: Owner & Pick<RenderContext<unknown>, "needs">,
  { id = "certificate", name, servers, dnsNames, ipAddresses }: ServingNames,
): ObjectPlan {
  return {
    id,
    from,
    manifest: {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { name, namespace },
      spec: {
        secretName: name,
        duration: "2160h",
        renewBefore: "720h",
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        dnsNames: [...new Set([...dnsNames, ...serverNames(servers)])],
        ipAddresses: [...ipAddresses],
        issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: needs.get("certificates").internalIssuer },
      },
    },
  };
}
