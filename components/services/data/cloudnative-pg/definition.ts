import { defineService, type ReleasePlan, type StatedPermissions } from "@isthmus/core";
import { checkCnpg, cnpgSchema, type CnpgArgs, type CnpgContext } from "./schema.ts";
import { cnpgObjects } from "./objects.ts";
import { barmanRelease, cnpgWorkloads, controllerPlaces } from "./workloads.ts";
import { charts } from "../pins.ts";

/**
 * PostgreSQL clusters, each with a server that leads and followers on other nodes. A cluster takes and gives its password
 * in the Secret `<cluster>-app`, which the operator makes. Facts: https://cloudnative-pg.io/documentation/1.30/
 */
export const cloudnativePg = defineService<CnpgArgs>({
  name: "cloudnative-pg",
  summary: "CloudNativePG runs PostgreSQL clusters that fail over by themselves and are backed up to the second.",
  schema: cnpgSchema,
  requires: ({ clusters }) => ["certificates", ...(Object.keys(clusters).length > 0 ? (["volumes"] as const) : [])],
  wants: () => ["backupStore"],
  provides: () => ["postgres"],
  check: checkCnpg,
  offers: () => ({ postgres: { operator: "cloudnative-pg" } }),
  footprint: (context) => ({
    workloads: cnpgWorkloads(context),
    routes: [],
    addresses: [],
    podSecurity: "restricted",
  }),
  privileges: ({ instance }) => ({ permissions: permissions(instance) }),
  charts: (context) => [operatorRelease(context), barmanCloudRelease(context)],
  objects: cnpgObjects,
  afterwards: ({ namespace, args }) =>
    Object.keys(args.clusters).map(
      (name) =>
        `${name}: applications connect to ${name}-rw.${namespace}.svc:5432 with TLS, user and password from the Secret ${name}-app in ${namespace}`,
    ),
});

function permissions(instance: string): readonly StatedPermissions[] {
  const plugin = `${barmanRelease(instance)}-plugin-barman-cloud`;
  const rolesOfServers = "each cluster's servers get a Role of their own, which grants no more than it has itself";
  return [
    {
      subject: instance,
      in: "cluster",
      may: ["read Secrets", "write Secrets"],
      why: "a cluster, of any namespace, has its passwords and certificates in Secrets",
    },
    {
      subject: instance,
      in: "cluster",
      may: ["write workloads", "exec into pods"],
      why: "it runs the servers as pods of its own, and poolers and jobs beside them, and asks servers for their state",
    },
    { subject: instance, in: "cluster", may: ["write RBAC"], why: rolesOfServers },
    {
      subject: instance,
      in: "cluster",
      may: ["write admission"],
      why: "it writes the authority of its webhook's certificate into its webhooks' configurations",
    },
    {
      subject: plugin,
      in: "cluster",
      may: ["read Secrets", "write Secrets"],
      why: "object stores, of any namespace, name Secrets with their keys",
    },
    { subject: plugin, in: "cluster", may: ["write RBAC"], why: rolesOfServers },
  ];
}

function operatorRelease({ instance, namespace }: CnpgContext): ReleasePlan {
  return {
    name: instance,
    namespace,
    chart: charts.cloudnativePg,
    timeout: "10m",
    webhook: {
      // https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.30.0/internal/webhook/v1/cluster_webhook.go
      refused: {
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Cluster",
        metadata: { name: "isthmus-probe", namespace },
        spec: { instances: 1, storage: { size: "1Gi" }, bootstrap: { initdb: {}, recovery: {} } },
      },
      because: "Only one bootstrap method can be specified at a time",
    },
    values: { crds: { create: true }, config: { clusterWide: true } },
    pods: { operator: { ...controllerPlaces, rollout: "updateStrategy" } },
  };
}

/** In the operator's namespace, because the operator finds plugins there only. */
function barmanCloudRelease({ instance, namespace }: CnpgContext): ReleasePlan {
  return {
    name: barmanRelease(instance),
    namespace,
    chart: charts.barmanCloud,
    timeout: "10m",
    after: [`release/${instance}`],
    values: { crds: { create: true } },
    pods: { "barman-cloud": controllerPlaces },
  };
}
