import {
  below,
  defineService,
  type Backup,
  type Finding,
  type Footprint,
  type Route,
  type ServiceContext,
  type StorageClassFacts,
  tooFewNodesRule,
} from "@isthmus/core";
import {
  apartByHost,
  defaultRequest,
  hasOnNode,
  longhornSchema,
  nodesWithVolumes,
  promisedOfDisk,
  storageClasses,
  type LonghornArgs,
} from "./schema.ts";
import { longhornObjects } from "./objects.ts";
import { longhornHostAccess, longhornPermissions } from "./privileges.ts";
import { longhornRelease } from "./release.ts";
import { longhornWorkloads } from "./workloads.ts";
import { defineRule } from "../rules.ts";

const defaultClassTwiceRule = defineRule({
  id: "default-class-twice",
  severity: "medium",
  summary: "A cluster has one default StorageClass.",
  fix: "Add local-storage to kubernetes.disable, or set defaultClass: false.",
  docs: "docs/reference/services/longhorn.md",
});

type Context = ServiceContext<LonghornArgs>;

/** Block storage out of the nodes' own disks. Facts: https://longhorn.io/docs/1.12.1/ */
export const longhorn = defineService<LonghornArgs>({
  name: "longhorn",
  summary: "Longhorn keeps copies of each volume on several nodes of the site and backs them up each day.",
  schema: longhornSchema,
  requires: (args) => (args.ui === undefined ? [] : ["ingress/private"]),
  wants: () => ["backupStore"],
  provides: () => ["volumes"],
  check,
  offers: (context) => ({
    volumes: {
      storageClass: storageClasses.usual,
      replicas: context.args.replicas,
      moves: "site",
      // The setting nodeDownPodDeletionPolicy deletes pods of dead nodes.
      freedFromDeadNode: true,
      architectures: ["amd64", "arm64"],
      backup: backupOf(context),
      withoutBackup: storageClasses.withoutBackup,
      ...(hasOnNode(context.args) ? { onNode: storageClasses.onNode } : {}),
    },
  }),
  footprint,
  privileges: ({ namespace }) => ({ permissions: longhornPermissions(namespace), hostAccess: longhornHostAccess }),
  charts: (context) => [longhornRelease(context)],
  objects: longhornObjects,
  afterwards,
});

function backupOf({ args, needs }: Context): Backup | undefined {
  const store = needs.find("backupStore");
  if (store === undefined) return undefined;
  return { by: "Longhorn recurring backup", to: store.place, every: "1d", keeps: `${args.backups.keep} backups` };
}

function check(context: Context): Finding[] {
  return [...tooFewNodes(context), ...secondDefault(context)];
}

/** Of two default StorageClasses the newer one wins, which depends on which was made first. */
function secondDefault({ args, site, from }: Context): Finding[] {
  if (!args.defaultClass || !site.kubernetes.localStorage) return [];
  return [
    {
      rule: defaultClassTwiceRule.id,
      at: below(from, "defaultClass"),
      problem: "k3s makes its own StorageClass local-path the default one, and so does this service",
      fix: "add local-storage to kubernetes.disable, or, where volumes of local-path are in use, set defaultClass: false",
    },
  ];
}

function tooFewNodes(context: Context): Finding[] {
  const { args, site, from } = context;
  const nodes = nodesWithVolumes(context);
  if (args.replicas <= nodes.length) return [];
  const names = nodes.map(({ name }) => name).join(", ") || "none";
  const fewer = nodes.length === 0 ? "" : `set replicas to ${nodes.length}, or `;
  return [
    {
      rule: tooFewNodesRule.id,
      at: below(from, "replicas"),
      problem: `replicas: ${args.replicas} puts each copy of a volume on a node of its own, and ${nodes.length} nodes of ${site.name} may hold volumes (${names})`,
      fix: `${fewer}add agents, or name the taint of further nodes under tolerations`,
    },
  ];
}

function footprint(context: Context): Footprint {
  // Managers and instance managers mount folders and devices of the host.
  return {
    workloads: longhornWorkloads(context),
    routes: routes(context),
    addresses: [],
    podSecurity: "privileged",
    hooks: ["pre-upgrade", "post-upgrade", "uninstall"].map((moment) => ({
      name: `longhorn-${moment}`,
      controller: "Job",
      requests: defaultRequest,
    })),
    storageClasses: classesOf(context),
  };
}

function classesOf(context: Context): StorageClassFacts[] {
  const { replicas, dataPath, tolerations } = context.args;
  const common = { path: dataPath, tolerations, ...promisedOfDisk };
  const replicated = {
    ...common,
    copies: replicas,
    copiesFrom: below(context.from, "replicas"),
    apartByHost: apartByHost(context),
    follows: "nothing",
  } as const;
  return [
    { ...replicated, name: storageClasses.usual },
    { ...replicated, name: storageClasses.withoutBackup },
    ...(hasOnNode(context.args)
      ? [{ ...common, name: storageClasses.onNode, copies: 1, apartByHost: false, follows: "pod" } as const]
      : []),
  ];
}

function routes({ instance, namespace, args, from }: Context): Route[] {
  if (args.ui === undefined) return [];
  return [
    {
      name: `${instance}-ui`,
      host: args.ui.hostName,
      exposure: "private",
      namespace,
      hasLogin: false,
      backend: { service: "longhorn-frontend", port: 80, scheme: "http" },
      from: below(from, "ui", "hostName"),
    },
  ];
}

function afterwards(context: Context): string[] {
  const { instance, args } = context;
  const machines = nodesWithVolumes(context).filter(({ host, name }) => host === name);
  return [
    ...(machines.length === 0
      ? []
      : [
          beforehand(
            instance,
            machines.map(({ name }) => name),
          ),
        ]),
    ...(args.allowUninstall
      ? [`allowUninstall is set: removing ${instance} deletes every volume of the site. Unset it when you are done.`]
      : []),
  ];
}

/** VMs of ours bring it along: https://longhorn.io/docs/1.12.1/deploy/install/#installation-requirements */
const beforehand = (instance: string, machines: readonly string[]): string =>
  `before the first up: ${instance} needs open-iscsi on ${machines.join(", ")}: sudo apt-get install open-iscsi nfs-common && sudo systemctl enable --now iscsid`;
