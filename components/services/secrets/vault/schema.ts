import { z } from "zod";
import { entryShape, movedToReach, shapes, withMovedKeys } from "@isthmus/core";

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
      "Size of each server's volume for the audit log. Default: 5Gi. A tenth of it full, the log starts again; eight old ones are kept.",
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
