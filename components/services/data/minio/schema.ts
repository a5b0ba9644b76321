import { z } from "zod";
import {
  below,
  entryShape,
  movedToReach,
  shapes,
  withMovedKeys,
  type Finding,
  type ServiceContext,
} from "@isthmus/core";
import { maximumDrives, quorumOf, usualParity, type ErasureSet } from "./erasure-set.ts";
import { defineRule } from "../rules.ts";

const storageClassMissingRule = defineRule({
  id: "storage-class-missing",
  severity: "high",
  summary: "A StorageClass that is asked for is there.",
  fix: "Take local-storage out of kubernetes.disable, or write drives: local.",
  docs: "docs/reference/services/minio.md",
});

const stretchedObjectStoreRule = defineRule({
  id: "stretched-object-store",
  severity: "critical",
  summary: "The drives of one erasure set stand at one site.",
  fix: "One set at each site, and the service offsite at each, so that backups cross.",
  docs: "docs/reference/services/minio.md",
  needsWhole: [],
});

const erasureSetSizeRule = defineRule({
  id: "erasure-set-size",
  severity: "high",
  summary: "An erasure set has as many drives as MinIO takes.",
  fix: "Change members or drivesPerMember.",
  docs: "docs/reference/services/minio.md",
  needsWhole: [],
});

const erasureSetParityRule = defineRule({
  id: "erasure-set-parity",
  severity: "high",
  summary: "Parity is at most half of the drives.",
  fix: "Set parity to half of the drives or less.",
  docs: "docs/reference/services/minio.md",
  needsWhole: [],
});

const fields = z.strictObject({
  members: z
    .union([z.int().min(1).max(maximumDrives), z.record(shapes.name, z.int().min(1).max(maximumDrives))])
    .default(3)
    .describe(
      "MinIO servers at this site. Default: 3. They keep apart, each on a node of its own, where there are as many nodes. A set stretched over sites ({site-a: 2, site-b: 2}) is refused, with the reason.",
    ),
  drivesPerMember: z
    .int()
    .min(1)
    .max(maximumDrives)
    .default(2)
    .describe("Drives of each server. Default: 2. 4 to 16 in all; 3 servers with 2 each go on without one of them."),
  size: shapes.bytes.default("50Gi").describe("Size of each drive. Default: 50Gi. It cannot shrink."),
  parity: z
    .int()
    .min(1)
    .max(maximumDrives / 2)
    .optional()
    .describe(
      "Drives that may be lost without losing data. Default: MinIO's own choice (2 of 4, 3 of 6, 4 of 8 and more).",
    ),
  drives: z
    .enum(["local", "volumes", "local-path"])
    .default("local")
    .describe(
      "local: the site's volumes with one copy, on the node of their server; the set fixes a lost one itself. volumes: the site's replicated volumes, three times the space. local-path: k3s' own, a folder of the node. Default: local. It cannot change once the set is made: Kubernetes refuses it.",
    ),
  memory: shapes.bytes
    .default("512Mi")
    .describe("Memory of each server that is set aside; twice as much is its limit. Default: 512Mi."),
  reach: entryShape.describe(
    "Where the S3 API is reached: { network: overlay, port: 30010 }, or { pool: private, address: 10.0.20.212 } (port 9000) where no other site keeps its backups here.",
  ),
  hostName: shapes.hostName.describe("The name of the S3 API, such as s3.site-a.home.arpa."),
  keepDeleted: z
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe("Days for which deleted and overwritten objects of backups can be brought back. Default: 30."),
});

export const minioSchema = withMovedKeys(fields, movedToReach);

export type MinioArgs = z.infer<typeof minioSchema>;
type Context = Pick<ServiceContext<MinioArgs>, "args" | "site" | "from">;

/** Servers by site. */
export function membersBySite({ args, site }: Pick<Context, "args" | "site">): Readonly<Record<string, number>> {
  return typeof args.members === "number" ? { [site.name]: args.members } : args.members;
}

export function erasureSetOf(context: Pick<Context, "args" | "site">): ErasureSet {
  const members = Object.values(membersBySite(context)).reduce((sum, count) => sum + count, 0);
  const { drivesPerMember, parity } = context.args;
  return { members, drivesPerMember, parity: parity ?? usualParity(members * drivesPerMember) };
}

/** What a person must know before a set like this is built. */
export function checkMinio(context: Context): Finding[] {
  return [...stretched(context), ...drivesInAll(context), ...parityInBounds(context), ...localPathAtHand(context)];
}

/** A claim of a StorageClass that there is not waits for ever. */
function localPathAtHand({ args, site, from }: Context): Finding[] {
  if (args.drives !== "local-path" || site.kubernetes.localStorage) return [];
  return [
    {
      rule: storageClassMissingRule.id,
      at: below(from, "drives"),
      problem: "drives: local-path is k3s' own storage, and kubernetes.disable has local-storage",
      fix: "take local-storage out of kubernetes.disable, or write drives: local",
    },
  ];
}

function stretched(context: Context): Finding[] {
  const { args, site, from } = context;
  if (typeof args.members === "number") return [];
  const bySite = membersBySite(context);
  const set = erasureSetOf(context);
  const quorum = quorumOf(set);
  const losses = Object.entries(bySite).map(([name, count]) => {
    const left = (set.members - count) * set.drivesPerMember;
    const verdict =
      left < quorum.readDrives
        ? "all data is out of reach"
        : left < quorum.writeDrives
          ? "read-only, deletes fail too"
          : "it goes on";
    return `${name} lost leaves ${left}: ${verdict}`;
  });
  const drives = set.members * set.drivesPerMember;
  return [
    {
      rule: stretchedObjectStoreRule.id,
      at: below(from, "members"),
      problem: `members ${JSON.stringify(args.members)} stretches one set over sites. EC:${set.parity} on ${drives} drives reads with ${quorum.readDrives} and writes with ${quorum.writeDrives}; ${losses.join("; ")}. Each site has a cluster of its own besides, and MinIO's servers find one another only inside one`,
      fix: `one set at each site (members: ${Math.max(4, bySite[site.name] ?? 0)}), and the service offsite at each, with the other site as peer, so that backups cross`,
    },
  ];
}

function drivesInAll(context: Context): Finding[] {
  const { args, from } = context;
  const { members, drivesPerMember } = erasureSetOf(context);
  const drives = members * drivesPerMember;
  if (drives >= 4 && drives <= maximumDrives) return [];
  return [
    {
      rule: erasureSetSizeRule.id,
      at: below(from, drives < 4 ? "members" : "drivesPerMember"),
      problem: `${members} × ${args.drivesPerMember} (members × drivesPerMember) makes ${drives === 1 ? "1 drive" : `${drives} drives`}, and an erasure set has 4 to ${maximumDrives}`,
      fix:
        drives < 4
          ? "set members or drivesPerMember so that there are at least 4 drives"
          : `set fewer: at most ${maximumDrives} drives in all`,
    },
  ];
}

function parityInBounds(context: Context): Finding[] {
  const { members, drivesPerMember, parity } = erasureSetOf(context);
  const most = Math.floor((members * drivesPerMember) / 2);
  if (parity <= most || most === 0) return [];
  return [
    {
      rule: erasureSetParityRule.id,
      at: below(context.from, "parity"),
      problem: `parity ${parity} is more than half of ${members * drivesPerMember} drives`,
      fix: `set parity to ${most} or less`,
    },
  ];
}
