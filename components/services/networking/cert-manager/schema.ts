import { z } from "zod";
import { shapes, urlShape } from "@isthmus/core";

const acmeSettings = z.strictObject({
  email: z.email().describe("Where the certificate authority writes to about the account."),
  server: z
    .union([z.enum(["production", "staging"]), urlShape({ protocol: /^https$/ })])
    .default("production")
    .describe(
      "Let's Encrypt's production or staging service (staging: no browser trusts it, but its limits are wide), or the https URL of another ACME directory. Default: production.",
    ),
  cloudflare: z
    .strictObject({
      zones: z
        .array(shapes.hostName)
        .min(1)
        .describe(
          "The DNS zones at Cloudflare in which public names stand. Only names in them get public certificates.",
        ),
      token: shapes.secretName.describe(
        "The name of the secret that holds a Cloudflare API token with Zone:Read and DNS:Edit for these zones.",
      ),
    })
    .describe(
      "Ownership is proved by DNS records at Cloudflare (DNS-01), so that nothing has to be open to the internet.",
    ),
  nameservers: z
    .array(z.string().regex(/^[0-9a-f.:[\]]+:\d{1,5}$/, "an IP address with a port, such as 1.1.1.1:53"))
    .min(1)
    .default(["1.1.1.1:53", "9.9.9.9:53"])
    .describe(
      "Resolvers, as address:port, that are asked whether the proof is visible. Default: 1.1.1.1:53 and 9.9.9.9:53. The site's own resolver often answers public names with private addresses and would hide it.",
    ),
});

export const schema = z.strictObject({
  acme: acmeSettings
    .optional()
    .describe(
      "Certificates that the whole world trusts. Without it there are only those of the site's own CA, and no public routes.",
    ),
  replicas: z
    .int()
    .min(1)
    .max(3)
    .default(1)
    .describe(
      "Pods of each of the three parts, 1 to 3. Default: 1, as certificates that exist are served without any of them.",
    ),
});

export type Args = z.infer<typeof schema>;
