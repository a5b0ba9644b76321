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
  /** A snapshot's name, or `latest`. */
  readonly snapshot: string;
  /** Another text for every restore: a run that was killed goes on with its own, and does not restore twice. */
  readonly occasion: string;
  /** What each machine is labelled with, by node: as `machineLabel` makes it of a machine's id. */
  readonly machines: Readonly<Record<string, string>>;
}

/**
 * What a restore does, in stages: the steps of one stage may go side by side, and a stage begins when the one before it
 * is done. All servers stop, the first one takes the snapshot, the others join it one by one. Agents find it by
 * themselves: the snapshot holds the cluster's certificate authority.
 */
export function restoreStages(cluster: ClusterPlan, request: RestoreRequest): readonly (readonly Step[])[] {
  const [first, ...others] = cluster.order.servers;
  if (first === undefined) return [];
  return [
    cluster.order.servers.slice(1).map(({ node }) => ({
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
  const { s3 } = cluster.settings.snapshots;
  const parameters = {
    ...installParameters(cluster, first, liveFacts(request, first, [])),
    SNAPSHOT: request.snapshot,
    OCCASION: request.occasion,
    S3_BUCKET: s3?.bucket ?? "",
    S3_ENDPOINT: s3?.endpoint ?? "",
    S3_FOLDER: s3?.folder ?? "",
    S3_REGION: s3?.region ?? "",
  };
  const secretNames = [...installSecrets.server, "S3_ACCESS_KEY", "S3_SECRET_KEY"];
  return { node: first.node.name, script: scripts.restore, parameters, secretNames };
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
