import type { ServiceContext, TlsServer } from "@isthmus/core";
import type { VaultArgs } from "./schema.ts";
import { votersBySite } from "./voters.ts";

/** Names that the chart derives from the release. */
export function vaultNames(instance: string) {
  const full = instance.includes("vault") ? instance : `${instance}-vault`;
  return { full, internal: `${full}-internal`, tls: `${full}-tls` };
}

/** Each server by its own name, which it tells to the others and joins them by. */
export function vaultMembers(
  context: Pick<ServiceContext<VaultArgs>, "instance" | "namespace" | "args" | "site">,
): TlsServer {
  const { instance, namespace, site } = context;
  const pods = vaultPods(instance, votersBySite(context)[site.name] ?? 0);
  return { service: vaultNames(instance).internal, namespace, pods };
}

/** Names of the servers' pods. */
function vaultPods(instance: string, voters: number): readonly string[] {
  return Array.from({ length: voters }, (_, index) => `${vaultNames(instance).full}-${index}`);
}
