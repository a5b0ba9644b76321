/** The cluster's DNS domain: k3s' default, which nothing here changes. https://docs.k3s.io/cli/server (`--cluster-domain`) */
export const clusterDomain = "cluster.local";

/** A Kubernetes Service behind which servers answer with TLS. */
export interface TlsServer {
  readonly service: string;
  readonly namespace: string;
  /** The cluster's DNS domain. Default: `cluster.local`. */
  readonly domain?: string | undefined;
  /** Names of pods that are called one by one, where the Service is the headless one of a StatefulSet. Default: none is. */
  readonly pods?: readonly string[] | undefined;
}

/**
 * Every name by which a pod may call these servers: a pod's resolver completes each shortened form, so that charts use any of
 * them, and a certificate that lacks one is refused by whoever used it.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function serverNames(servers: readonly TlsServer[]): string[] {
  const names = servers.flatMap((server) => [
    ...formsOf(server.service, server),
    ...(server.pods ?? []).flatMap((pod) => formsOf(`${pod}.${server.service}`, server)),
  ]);
  return [...new Set(names)];
}

/** The one name that no resolver completes, for configuration of ours. */
export function fullName({ service, namespace, domain = clusterDomain }: TlsServer, pod?: string): string {
  return [...(pod === undefined ? [] : [pod]), service, namespace, "svc", domain].join(".");
}

function formsOf(name: string, { namespace, domain = clusterDomain }: TlsServer): string[] {
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.${domain}`];
}
