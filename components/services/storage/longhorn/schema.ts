import { z } from "zod";
import { shapes, nodesOpenTo, unique, type NodeFacts, type SiteFacts } from "@isthmus/core";

export const longhornSchema = z.strictObject({
  replicas: z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe(
      "Copies of each volume, each on a node of its own. Default: 3. At most as many as nodes that hold volumes.",
    ),
  dataPath: z
    .string()
    .startsWith("/", "an absolute path such as /var/lib/longhorn")
    .default("/var/lib/longhorn")
    .describe(
      "Folder of each node that holds the copies. Default: /var/lib/longhorn. A change only reaches new nodes.",
    ),
  defaultClass: z
    .boolean()
    .default(true)
    .describe(
      "Whether claims that name no StorageClass get its volumes. Default: true. Only one provider may be the default: k3s' own storage is one too, unless kubernetes.disable has local-storage.",
    ),
  tolerations: z
    .array(shapes.taint)
    .default([])
    .describe(
      "Taints of nodes that hold and mount volumes all the same. Default: none. Detach all volumes before a change.",
    ),
  backups: z
    .strictObject({
      at: shapes.timeOfDay.default("01:00").describe("When volumes are backed up each day, in UTC. Default: 01:00."),
      keep: z.int().min(1).max(250).default(14).describe("Backups of each volume that are kept. Default: 14."),
    })
    .prefault({})
    .describe("Daily backups of each volume to the site's backup store. Without a backup store there are none."),
  ui: z
    .strictObject({
      hostName: shapes.hostName.describe(
        "The UI's name behind the private ingress, such as longhorn.site-a.home.arpa.",
      ),
    })
    .optional()
    .describe("Longhorn's UI behind the private ingress; it has no login of its own. Default: not served."),
  allowUninstall: z
    .boolean()
    .default(false)
    .describe("Whether removing this service may delete Longhorn and every volume of the site. Default: false."),
});

export type LonghornArgs = z.infer<typeof longhornSchema>;

/** Nodes that hold and mount volumes: those whose taints are tolerated. */
export function nodesWithVolumes({ args, site }: { args: LonghornArgs; site: SiteFacts }): readonly NodeFacts[] {
  return nodesOpenTo(site.topology, args.tolerations);
}

/** Names of the StorageClasses: with backups, and for data that need none. */
export const storageClasses = {
  usual: "longhorn-replicated",
  withoutBackup: "longhorn-replicated-no-backup",
  /** One copy, on the node of its pod, without backups. */
  onNode: "longhorn-local-no-backup",
} as const;

/**
 * What Longhorn promises of a disk. These are its defaults; they are set all the same, since the budget of disks counts on
 * them: https://github.com/longhorn/longhorn-manager/blob/v1.12.1/types/setting.go
 */
export const promisedOfDisk = { reservedPercent: 30, overProvisioningPercent: 100 } as const;

/** With one copy of everything there is nothing to save by a class with one copy. */
export const hasOnNode = ({ replicas }: LonghornArgs): boolean => replicas > 1;

/** Whether each copy is on a physical host of its own: where there are enough of them. */
export function apartByHost(context: { args: LonghornArgs; site: SiteFacts }): boolean {
  return unique(nodesWithVolumes(context).map((node) => node.host)).length >= context.args.replicas;
}

/** What pods get that the chart gives no place for: the namespace's LimitRange requests it for them. */
export const defaultRequest = { memory: "64Mi", cpu: "20m" } as const;
