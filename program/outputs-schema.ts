import { z } from "zod";

/** The shape of what sites read of one another. A change that an older reader cannot stand raises it. */
export const outputsVersion = 1;

/**
 * What another site reads of this one. Nothing in it may derive from another site, or the two would never come to rest.
 * What is secret stands apart, under the same paths, so that the rest can be shown.
 */
export const exportsSchema = z.object({
  version: z.literal(outputsVersion),
  site: z.string(),
  ingressAddresses: z.string().describe("One `name address` a line."),
  overlayAddresses: z.string().describe("One `name address` a line."),
  secretStore: z.object({ address: z.string(), ca: z.string() }).optional(),
  objectStore: z
    .object({
      endpoint: z.string(),
      ca: z.string(),
      accounts: z.record(z.string(), z.object({ bucket: z.string(), accessKey: z.string() })),
    })
    .optional(),
  metrics: z.object({ endpoint: z.string(), ca: z.string(), user: z.string() }).optional(),
});

export type SiteExportsRead = z.output<typeof exportsSchema>;

/** Secret values by dotted path, such as `objectStore.accounts.site-a.secretKey`. */
export const exportSecretsSchema = z.record(z.string(), z.string());

/** What a site keeps of another: the last good values, so that losing the other changes nothing here. */
export const keptPeersSchema = z.record(z.string(), exportsSchema);
export const keptSecretsSchema = z.record(z.string(), exportSecretsSchema);
