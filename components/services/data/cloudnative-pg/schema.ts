import { z } from "zod";
import { below, quote, shapes, type Finding, type ServiceContext } from "@isthmus/core";
import { defineRule } from "../rules.ts";

const backupMissingRule = defineRule({
  id: "backup-missing",
  severity: "critical",
  summary: "A database that is to be backed up has a backup store.",
  fix: 'Add the service offsite, or write backup: {none: "why nothing backs it up"}.',
  docs: "docs/reference/services/cloudnative-pg.md",
});

const backup = z.union([
  z.strictObject({
    at: shapes.timeOfDay
      .default("02:00")
      .describe("When the whole cluster is copied each day, in UTC. Default: 02:00. Excludes none."),
    keep: shapes.days.default("30d").describe("How far back it can be restored, to any second, in days. Default: 30d."),
    archive: shapes.name
      .optional()
      .describe(
        "The name under which the backups stand in the store. Default: the cluster's name. A cluster that is made again needs a new one, such as main-2: nothing is archived over what an earlier cluster left.",
      ),
  }),
  z.strictObject({
    none: z.string().min(1).describe("Why nothing backs this cluster up, for reports. Excludes at and keep."),
  }),
]);

const restore = z.strictObject({
  from: shapes.name.describe(
    "The archive that it begins with: the name of the cluster that was backed up, or its archive.",
  ),
  until: z.iso
    .datetime({ offset: true, error: 'a time in quotes such as "2026-11-21T08:30:00Z"' })
    .optional()
    .describe("The second to go back to. Default: the last that was archived."),
});

const clusterShape = z.strictObject({
  instances: z
    .int()
    .min(1)
    .max(9)
    .default(3)
    .describe(
      "PostgreSQL servers: one leads, the others follow. Default: 3. From 3 on, each commit is on a majority of them before it is acknowledged.",
    ),
  volumes: z
    .enum(["local", "replicated"])
    .optional()
    .describe(
      "local: one copy of each server's volume, on its node; the servers are the copies. replicated: the site's replicated volumes. Default: local from 3 instances on, else replicated. A change counts for servers that are made from then on.",
    ),
  size: shapes.bytes.default("10Gi").describe("Size of each server's volume. Default: 10Gi. It can grow, not shrink."),
  memory: shapes.bytes.default("512Mi").describe("Memory of each server, set aside and limit. Default: 512Mi."),
  cpu: shapes.cpu.default("100m").describe('CPU of each server that is set aside, such as "250m". Default: "100m".'),
  database: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, "a database's name: lower-case letters, digits and underscores")
    .default("app")
    .describe("The database that is made with the cluster; its owner is called the same. Default: app."),
  image: z
    .string()
    .regex(
      /^[^\s:]+(:\d+)?\/[^\s:]+:(?!latest)[^\s:@]+(@sha256:[0-9a-f]{64})?$/,
      "an image with an exact tag, never latest",
    )
    .optional()
    .describe("The image, for another PostgreSQL version or with extensions. Default: PostgreSQL 18 of CloudNativePG."),
  backup: backup
    .prefault({})
    .describe("Backups to the site's backup store, or {none: reason}. Default: each day, kept 30d."),
  restore: restore
    .optional()
    .describe("Begins with a backup instead of empty. Counts when the cluster is made, and is ignored afterwards."),
});

const cluster = clusterShape.refine(
  ({ backup, restore: { from } = {} }) => from === undefined || ("archive" in backup && backup.archive !== from),
  {
    path: ["backup"],
    error:
      "an archive of its own, such as {archive: main-2}, beside restore: it is not archived over what it begins with",
  },
);

export const cnpgSchema = z.strictObject({
  clusters: z
    .record(shapes.name, cluster)
    .default({})
    .describe("Database clusters by name. Default: none, the operator alone."),
});

export type CnpgArgs = z.infer<typeof cnpgSchema>;
export type ClusterArgs = CnpgArgs["clusters"][string];

/** The name under which a cluster's backups stand in the store. */
export const archiveOf = (name: string, { backup }: ClusterArgs): string =>
  ("archive" in backup ? backup.archive : undefined) ?? name;
export type CnpgContext = ServiceContext<CnpgArgs>;

/** A cluster without a backup is one that nobody decided to leave without. */
export function checkCnpg({ args, needs, from }: CnpgContext): Finding[] {
  if (needs.find("backupStore") !== undefined) return [];
  return Object.entries(args.clusters)
    .filter(([, { backup }]) => !("none" in backup))
    .map(([name]) => ({
      rule: backupMissingRule.id,
      at: below(from, "clusters", name, "backup"),
      problem: `the database cluster ${quote(name)} is to be backed up, and the site has no backup store`,
      fix: 'add the service offsite, or write backup: {none: "why nothing backs it up"}',
    }));
}
