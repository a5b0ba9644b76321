import { z } from "zod";
import { shapes } from "@isthmus/core";

/** Arguments of one Traefik instance. */
export const traefikSchema = z.strictObject({
  exposure: z
    .enum(["public", "private"])
    .describe(
      "Which routes it serves: public ones, for the internet (rate limit and a decision on authentication are compulsory), or private ones, for the site's own networks.",
    ),
  pool: shapes.name.describe("The pool that its address is taken from: a name under pools of the site."),
  address: shapes.address.describe(
    "Its IPv4 address, out of that pool. DNS names of its routes point here; changing it moves them.",
  ),
  replicas: z
    .int()
    .min(1)
    .max(10)
    .default(2)
    .describe(
      "Pods, 1 to 10. Default: 2. One at a time gets the traffic (layer 2 announces from one node); the others stand by on other nodes and take over within seconds.",
    ),
  rateLimit: z
    .strictObject({
      average: z.int().min(1).describe("Requests per second that each client address may make in the long run."),
      burst: z.int().min(1).describe("Requests that each client address may make at once."),
    })
    .optional()
    .describe(
      "Limit of requests of each client address. Default: for public routes an average of 100 per second with bursts of 200; for private ones no limit.",
    ),
  authentication: z
    .union([
      z.literal("by-backends"),
      z.strictObject({
        users: shapes.secretName.describe(
          "The name of the secret that holds the users as htpasswd writes them (htpasswd -nB <user>), one a line.",
        ),
      }),
    ])
    .optional()
    .describe(
      "Who asks for a password before a route is reached: Traefik (basic authentication), or by-backends, where each application has a login of its own: a route to one without is refused. Has to be said for public; default for private: by-backends.",
    ),
  allowedSources: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .min(1)
    .optional()
    .describe("Networks, in CIDR notation, whose clients may come in. Default: all."),
});

export type TraefikArgs = z.infer<typeof traefikSchema>;

/** What every client address may ask for where the arguments say nothing. */
export const usualRateLimit = { average: 100, burst: 200 } as const;
