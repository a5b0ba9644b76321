import type { Parameters, Script } from "@isthmus/remote/script";
import { installParameters, installSecrets, memberParameters, type NodeLiveFacts } from "./parameters.ts";
import { urlHost } from "./node.ts";
import type { ClusterPlan, NodePlan } from "./plan.ts";
import { scripts } from "./scripts.ts";

/** One script on one host. */
export interface Step {
  readonly node: string;
  readonly script: Script;
  readonly parameters: Parameters;
  /** Secrets that it reads: `SERVER_TOKEN` is the one that the snapshot was taken with. */
  readonly secretNames: readonly string[];
}

export interface RestoreRequest {
  /** A snapshot's name, as `snapshots.sh` tells it. */
  readonly snapshot: string;
  /** The server that takes it: one that has it on its disk, or any where snapshots are in an object store. */
  readonly onto: string;
  /** Another text for every restore: a run that was killed goes on with its own, and does not restore twice. */
  readonly occasion: string;
  /** What each machine is labelled with, by node: as `machineLabel` makes it of a machine's id. */
  readonly machines: Readonly<Record<string, string>>;
}

/**
 * What a restore does, in stages: the steps of one stage may go side by side, and a stage begins when the one before it
 * is done. All servers stop, one of them takes the snapshot, the others join it one by one. Agents find it by
 * themselves: the snapshot holds the cluster's certificate authority.
 */
export function restoreStages(cluster: ClusterPlan, request: RestoreRequest): readonly (readonly Step[])[] {
  const first = cluster.order.servers.find(({ node }) => node.name === request.onto);
  if (first === undefined) return [];
  const others = cluster.order.servers.filter((server) => server !== first);
  return [
    others.map(({ node }) => ({
      node: node.name,
      script: scripts.leave,
      parameters: { OCCASION: request.occasion },
      secretNames: [],
    })),
    [restoreStep(cluster, first, request)],
    // The snapshot remembers machines that may have been replaced since.
    [
      {
        node: first.node.name,
        script: scripts.admission,
        parameters: memberParameters(cluster, request.machines),
        secretNames: [],
      },
    ],
    ...others.map((server) => [rejoinStep(cluster, { first, server }, request)]),
  ];
}

function restoreStep(cluster: ClusterPlan, first: NodePlan, request: RestoreRequest): Step {
  const parameters = {
    ...installParameters(cluster, first, liveFacts(request, first, [])),
    SNAPSHOT: request.snapshot,
    OCCASION: request.occasion,
    ...storeParameters(cluster),
  };
  return { node: first.node.name, script: scripts.restore, parameters, secretNames: installSecrets.server };
}

function storeParameters({ settings }: ClusterPlan): Parameters {
  const { s3 } = settings.snapshots;
  return {
    S3_BUCKET: s3?.bucket ?? "",
    S3_ENDPOINT: s3?.endpoint ?? "",
    S3_FOLDER: s3?.folder ?? "",
    S3_REGION: s3?.region ?? "",
  };
}

/** Asks a server which snapshots it could be restored from. */
export function snapshotsStep(cluster: ClusterPlan, node: string): Step {
  const secretNames = ["S3_ACCESS_KEY", "S3_SECRET_KEY"];
  return { node, script: scripts.snapshots, parameters: storeParameters(cluster), secretNames };
}

export interface FoundSnapshot {
  readonly name: string;
  /** When it was made, UTC; sorts by time. */
  readonly madeAt: string;
  /** The server that told of it. */
  readonly on: string;
}

/** What `snapshots.sh` printed on a server. */
export function parseSnapshots(on: string, printed: string): readonly FoundSnapshot[] {
  return printed.split("\n").flatMap((line) => {
    const [madeAt, name] = line.trim().split(/\s+/);
    return madeAt === undefined || name === undefined ? [] : [{ name, madeAt, on }];
  });
}

/**
 * The snapshot that is meant: by its name, by what the name begins with before k3s adds node and time, or the newest.
 * Undefined where there is none.
 */
export function chooseSnapshot(found: readonly FoundSnapshot[], wanted: string): FoundSnapshot | undefined {
  const newestFirst = [...found].sort((a, b) => (a.madeAt < b.madeAt ? 1 : a.madeAt > b.madeAt ? -1 : 0));
  if (wanted === "latest") return newestFirst[0];
  return (
    newestFirst.find(({ name }) => name === wanted) ?? newestFirst.find(({ name }) => name.startsWith(`${wanted}-`))
  );
}

function rejoinStep(
  cluster: ClusterPlan,
  { first, server }: { readonly first: NodePlan; readonly server: NodePlan },
  request: RestoreRequest,
): Step {
  const parameters = installParameters(cluster, server, liveFacts(request, server, [urlHost(first.node.address)]));
  return { node: server.node.name, script: scripts.installServer, parameters, secretNames: installSecrets.server };
}

function liveFacts(request: RestoreRequest, { node }: NodePlan, servers: readonly string[]): NodeLiveFacts {
  return { machine: request.machines[node.name] ?? "", ca: "", servers, adopt: false };
}
