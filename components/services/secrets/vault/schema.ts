import { z } from "zod";
import { entryShape, movedToReach, shapes, withMovedKeys, type ServiceContext, type TlsServer } from "@isthmus/core";
import { votersBySite } from "./voters.ts";

const fields = z.strictObject({
  voters: z
    .union([z.int().min(1).max(7), z.record(shapes.name, z.int().min(1).max(7))])
    .default(3)
    .describe(
      "Vault servers at this site, an odd number, each on a node of its own. Default: 3. A cluster stretched over sites ({site-a: 3, site-b: 2}) is refused, with the reason.",
    ),
  size: shapes.bytes
    .default("5Gi")
    .describe("Size of each server's data volume. Default: 5Gi. It can grow, not shrink."),
  auditSize: shapes.bytes
    .default("5Gi")
    .describe(
      "Size of each server's volume for the audit log. Default: 5Gi. A tenth of it full, the log begins anew; eight old ones are kept.",
    ),
  memory: shapes.bytes
    .default("256Mi")
    .describe("Memory of each server that is set aside; its limit is 512 MiB more. Default: 256Mi."),
  reach: entryShape.describe(
    "Where API and UI are reached: { network: overlay, port: 30020 } for other sites too, or { pool: private, address: 10.0.20.211 } (port 8200).",
  ),
  hostName: shapes.hostName.describe("The name of API and UI, such as vault.site-a.home.arpa."),
});

export const vaultSchema = withMovedKeys(fields, movedToReach);

export type VaultArgs = z.infer<typeof vaultSchema>;

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
export function vaultPods(instance: string, voters: number): readonly string[] {
  return Array.from({ length: voters }, (_, index) => `${vaultNames(instance).full}-${index}`);
}
