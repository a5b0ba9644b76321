import { z } from "zod";
import { madeThings, nameOf, resourcesOf, type Checkpoint } from "../pulumi/checkpoint.ts";

const backup = z.union([
  z.object({ by: z.string(), to: z.string(), every: z.string(), keeps: z.string().optional() }),
  z.object({ none: z.string() }),
]);

/** What a footprint says of data; see `Store` in @isthmus/core. It may be of an older program than this one. */
const service = z.object({
  instance: z.string(),
  namespace: z.string(),
  footprint: z.object({
    workloads: z.array(
      z.object({
        name: z.string(),
        stores: z.object({ what: z.string(), size: z.string(), backup }).nullish(),
      }),
    ),
  }),
});

const cluster = z.object({
  settings: z.object({
    snapshots: z.object({ s3: z.object({ endpoint: z.string(), bucket: z.string(), folder: z.string() }).nullish() }),
  }),
});

/** Data that goes with a site. */
export interface HeldData {
  /** `instance/workload`. */
  readonly of: string;
  readonly namespace: string;
  readonly what: string;
  readonly size?: string;
  readonly backup: z.output<typeof backup>;
}

/** What a site is, as far as its state tells: what was deployed counts, not what the stack file says today. */
export interface Inventory {
  readonly data: readonly HeldData[];
  /** Names of what the engine will not delete as long as it is protected. */
  readonly protected: readonly string[];
  /** Machines that were there before: they stay, and k3s on them. */
  readonly stayingNodes: readonly string[];
  readonly resources: number;
}

export function inventoryOf(state: Checkpoint): Inventory {
  const resources = resourcesOf(state).filter((resource) => resource.delete !== true);
  return {
    data: [
      ...inputsOf(state, "isthmus:k3s:Cluster", cluster).map(etcd),
      ...inputsOf(state, "isthmus:core:Service", service).flatMap(storesOf),
    ],
    protected: resources.filter(({ protect }) => protect === true).map(nameOf),
    stayingNodes: resources.filter(({ type }) => type === "isthmus:hosts:Machine").map(nameOf),
    resources: madeThings(state).length,
  };
}

function inputsOf<T>(state: Checkpoint, type: string, schema: z.ZodType<T>): readonly T[] {
  return resourcesOf(state)
    .filter((resource) => resource.type === type && resource.delete !== true)
    .map(({ inputs }) => schema.parse(inputs));
}

function storesOf({ instance, namespace, footprint }: z.output<typeof service>): readonly HeldData[] {
  return footprint.workloads.flatMap(({ name, stores }) =>
    stores ? [{ of: `${instance}/${name}`, namespace, ...stores }] : [],
  );
}

function etcd({ settings }: z.output<typeof cluster>): HeldData {
  const { s3 } = settings.snapshots;
  const backup = s3
    ? { by: "snapshots of k3s", to: `${s3.endpoint}/${s3.bucket}/${s3.folder}`, every: "time of its schedule" }
    : { none: "its snapshots are on the servers' own disks, which go with it" };
  return { of: "kubernetes", namespace: "", what: "all Kubernetes objects (etcd)", backup };
}
