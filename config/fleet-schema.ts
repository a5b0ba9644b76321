import { hasUserInfo } from "@isthmus/core";
import { z } from "zod";
import { cidr, hostName, name } from "./shapes.ts";

/** What carries traffic between the sites. */
const overlay = z.strictObject({
  provider: z
    .enum(["zerotier", "tailscale"])
    .describe(
      "ZeroTier or Tailscale. On either, a service is reached at a port on the nodes' own addresses (`reach: { network: overlay, port: … }`): nobody answers for an address that is on no interface.",
    ),
  cidr: cidr.describe("The overlay's network. Every machine with an `overlay` address is in it."),
});

/** Where the stacks' state is kept, so that losing one place loses no state. */
const state = z.strictObject({
  backend: z
    .string()
    .regex(
      /^(s3|gs|azblob|file|https?):\/\/\S+$/,
      "a Pulumi backend URL such as s3://bucket?region=eu-central-003&endpoint=…",
    )
    .refine((url) => !hasUserInfo(url), "must have no user and password before the host: give them in the environment")
    .describe("The Pulumi backend of all stacks (`pulumi login URL`)."),
  standsAt: z
    .string()
    .min(1)
    .describe("Where the backend's disks stand: the name of a site, or of the place or provider outside the fleet."),
  copyAt: z
    .string()
    .min(1)
    .optional()
    .describe("A second place that `npm run state -- backup` writes to: required when the backend stands at a site."),
  versioned: z
    .literal(true, "true: switch on versioning for the bucket, so that a damaged state can be taken back")
    .describe("The backend keeps former versions of every object."),
  passphraseAt: z
    .array(z.string().min(1))
    .min(2, 'at least two places, not both at one site, such as ["password manager", "paper in the safe"]')
    .describe("Where PULUMI_CONFIG_PASSPHRASE is kept. Without it the state cannot be read."),
});

/** Facts that all sites share: `isthmus:fleet` in Pulumi.yaml. */
export const fleetSchema = z.strictObject({
  domain: hostName.describe("The private DNS zone of the fleet; each site's zone is `<site>.<domain>`."),
  sites: z.array(name).min(1).describe("The sites, each with a file Pulumi.<site>.yaml."),
  overlay: overlay.optional().describe("The network between the sites; left out where there is one site."),
  chartMirror: z
    .string()
    .regex(/^(oci:\/\/\S+|\/\S+|\.\/\S+)$/, "oci://registry/path, or a folder that holds the packed charts")
    .optional()
    .describe("Where charts come from instead of their own repositories, for sites without internet."),
  state: state.describe("Backend and passphrase of the stacks."),
});

export type Fleet = z.output<typeof fleetSchema>;
