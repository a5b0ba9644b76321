import { closest } from "fastest-levenshtein";
import { z } from "zod";
import {
  below,
  defineService,
  fromPeer,
  quote,
  secret,
  shapes,
  type BackupStoreFacts,
  type Finding,
  type ServiceContext,
  urlShape,
  unknownPeerRule,
} from "@isthmus/core";
import { backupBucket, defaultRegion } from "../backup-bucket.ts";

const atPeer = z.strictObject({
  peer: shapes.name.describe("The site whose object store takes this site's backups. Excludes all other keys."),
});

const outside = z.strictObject({
  endpoint: urlShape({
    protocol: /^https$/,
    error: "an https URL such as https://s3.eu-central-003.backblazeb2.com",
  }).describe("URL of the S3 API, with https. Excludes peer."),
  region: z
    .string()
    .regex(/^[A-Za-z0-9][-_A-Za-z0-9]*$/, "a region such as eu-central-003: letters, digits, - _")
    .default(defaultRegion)
    .describe("The region as the store calls it. Default: us-east-1."),
  bucket: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "a bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens",
    )
    .describe("A bucket that exists and that nothing else uses. Switch versioning on where the store has it."),
  accessKey: shapes.secretName.describe("Name of the secret of this stack that holds the access key's id."),
  secretKey: shapes.secretName.describe("Name of the secret of this stack that holds the secret key."),
  ca: z
    .string()
    .startsWith("-----BEGIN CERTIFICATE-----", "a certificate in PEM")
    .optional()
    .describe("PEM of the CA that signed the endpoint's certificate, such as a NAS's own. Default: the public CAs."),
  place: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The place as people say it, for reports: Backblaze B2, or TrueNAS in the cellar. Default: the endpoint's host.",
    ),
});

const schema = z.union([atPeer, outside]);

type OffsiteArgs = z.infer<typeof schema>;
type Context = ServiceContext<OffsiteArgs>;

/** Where this site's backups go: the object store of another site, or one outside. It runs nothing here. */
export const offsite = defineService<OffsiteArgs>({
  name: "offsite",
  summary: "Backups go to the object store of another site, or to one outside.",
  schema,
  requires: () => [],
  provides: () => ["backupStore"],
  check,
  offers: (context) => ({ backupStore: storeOf(context) }),
  footprint: () => ({ workloads: [], routes: [], addresses: [], podSecurity: "restricted" }),
  charts: () => [],
  objects: () => [],
});

function check({ args, site, from }: Context): Finding[] {
  if (!("peer" in args)) return [];
  const peers = site.peers.map(({ name }) => name);
  if (peers.includes(args.peer)) return [];
  const isSelf = args.peer === site.name;
  const at = below(from, "peer");
  const problem = isSelf
    ? `${quote(args.peer)} is this site: a backup there is lost with what it backs up`
    : `there is no site ${quote(args.peer)}`;
  const fix =
    peers.length === 0
      ? "name a store outside: endpoint, bucket, accessKey and secretKey"
      : `name another site (${isSelf ? peers.join(", ") : closest(args.peer, peers)}), or a store outside`;
  return [{ rule: unknownPeerRule.id, at, problem, fix }];
}

function storeOf({ args, site }: Context): BackupStoreFacts {
  if ("peer" in args) {
    const account = `objectStore.accounts.${site.name}`;
    return {
      endpoint: fromPeer(args.peer, "objectStore.endpoint"),
      region: defaultRegion,
      bucket: backupBucket(site.name),
      accessKey: fromPeer(args.peer, `${account}.accessKey`),
      secretKey: fromPeer(args.peer, `${account}.secretKey`),
      ca: fromPeer(args.peer, "objectStore.ca"),
      peer: args.peer,
      place: `the object store at ${args.peer}`,
    };
  }
  return {
    endpoint: args.endpoint,
    region: args.region,
    bucket: args.bucket,
    accessKey: secret(args.accessKey),
    secretKey: secret(args.secretKey),
    ca: args.ca,
    place: args.place ?? new URL(args.endpoint).hostname,
  };
}
