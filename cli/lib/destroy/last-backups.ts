import { z } from "zod";
import type { ClusterApi } from "./cluster-api.ts";

/** The newest backup of one thing, as the cluster tells it. */
export interface LastBackup {
  readonly namespace: string;
  readonly of: string;
  /** When it was taken, in ISO 8601; absent: never. */
  readonly at?: string;
}

const metadata = z.object({ name: z.string(), namespace: z.string().default("") });
const listOf = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item) });

const postgresClusters = listOf(
  z.object({ metadata, status: z.object({ lastSuccessfulBackup: z.string().optional() }).optional() }),
);
const longhornVolumes = listOf(
  z.object({
    metadata,
    status: z.object({
      lastBackupAt: z.string().optional(),
      kubernetesStatus: z.object({ namespace: z.string().optional(), pvcName: z.string().optional() }).optional(),
    }),
  }),
);
const etcdSnapshots = listOf(
  z.object({
    spec: z.object({ snapshotName: z.string() }),
    status: z.object({ creationTime: z.string().optional(), readyToUse: z.boolean().optional() }).optional(),
  }),
);

/** Asks the cluster; throws where it does not answer. What is not installed has no backups to tell of. */
export async function lastBackups(api: ClusterApi): Promise<readonly LastBackup[]> {
  const [postgres, longhorn, etcd] = await Promise.all([
    api.get("/apis/postgresql.cnpg.io/v1/clusters"),
    api.get("/apis/longhorn.io/v1beta2/volumes"),
    api.get("/apis/k3s.cattle.io/v1/etcdsnapshotfiles"),
  ]);
  return [...ofEtcd(etcd), ...ofPostgres(postgres), ...ofLonghorn(longhorn)];
}

/** https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/#clusterstatus */
function ofPostgres(answer: unknown): readonly LastBackup[] {
  if (answer === undefined) return [];
  return postgresClusters.parse(answer).items.map((one) => {
    const at = one.status?.lastSuccessfulBackup;
    return { namespace: one.metadata.namespace, of: `PostgreSQL ${one.metadata.name}`, ...dated(at) };
  });
}

/** https://longhorn.io/docs/1.12.1/: a Volume's status says which claim it serves and when it was backed up last. */
function ofLonghorn(answer: unknown): readonly LastBackup[] {
  if (answer === undefined) return [];
  return longhornVolumes.parse(answer).items.map(({ metadata: { name }, status }) => {
    const { namespace = "", pvcName = name } = status.kubernetesStatus ?? {};
    return { namespace, of: `volume ${pvcName}`, ...dated(status.lastBackupAt) };
  });
}

/** https://docs.k3s.io/cli/etcd-snapshot#etcdsnapshotfile-custom-resources */
function ofEtcd(answer: unknown): readonly LastBackup[] {
  if (answer === undefined) return [];
  const taken = etcdSnapshots
    .parse(answer)
    .items.flatMap(({ status }) => (status?.readyToUse === true && status.creationTime ? [status.creationTime] : []));
  return [{ namespace: "", of: "etcd", ...dated(taken.sort().at(-1)) }];
}

const dated = (at: string | undefined): { at?: string } => (at === undefined || at === "" ? {} : { at });
