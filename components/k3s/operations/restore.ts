import { installParameters, installSecrets, memberParameters, type NodeLiveFacts } from "../plan/parameters.ts";
import { urlHost } from "../plan/node.ts";
import type { ClusterPlan, NodePlan } from "../plan/plan.ts";
import { scripts } from "../scripts/scripts.ts";
import { storeParameters } from "./snapshots.ts";
import type { Step } from "./step.ts";

export interface RestoreRequest {
  /** A snapshot's name, as `snapshots.sh` tells it. */
  readonly snapshot: string;
  /** The server that takes it: one that has it on its disk, or any where snapshots are in an object store. */
  readonly onto: string;
  /** Another text for every restore: a run that was killed goes on with its own, and does not restore twice. */
  readonly attempt: string;
  /** What each machine is labelled with, by node: as `machineLabel` makes it of a machine's id. */
  readonly machines: Readonly<Record<string, string>>;
}

/**
 * What a restore does, in stages: the steps of one stage may go side by side, and a stage begins when the one before it
 * is done. All servers get what they are to run, then all stop; one of them takes the snapshot, and the others join it one
 * by one. Agents find it by themselves, as the snapshot holds the cluster's certificate authority, and register when they
 * start. `restore.sh` reads SNAPSHOT_TOKEN, the server token that the snapshot was taken with, beside the secrets that
 * `ClusterAccess` has; it ends with the token of today.
 */
export function restoreStages(cluster: ClusterPlan, asked: RestoreRequest): readonly (readonly Step[])[] {
  // What is gone on with is a restore of that snapshot: of another one it would be another restore.
  const request = { ...asked, attempt: `${asked.attempt}.${asked.snapshot}` };
  const first = cluster.order.servers.find(({ node }) => node.name === request.onto);
  if (first === undefined) return [];
  const others = cluster.order.servers.filter((server) => server !== first);
  return [
    cluster.order.servers.map((server) => readyStep(cluster, server, request)),
    others.map(({ node }) => ({
      node: node.name,
      script: scripts.leave,
      parameters: { ATTEMPT: request.attempt },
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
    ...agentStages(cluster, request),
  ];
}

/** As many agents at a time as lanes are allowed. One that is away starts anew when it comes back. */
function agentStages(cluster: ClusterPlan, { attempt }: RestoreRequest): readonly (readonly Step[])[] {
  const { lanes } = cluster.order;
  const longest = Math.max(0, ...lanes.map((lane) => lane.length));
  return Array.from({ length: longest }, (_, turn) =>
    lanes
      .flatMap((lane) => lane.slice(turn, turn + 1))
      .map(({ node }) => ({
        node: node.name,
        script: scripts.restartAgent,
        parameters: { NODE: node.name, ROLE: "agent", ATTEMPT: attempt, WAIT_SECONDS: cluster.settings.waitSeconds },
        secretNames: [],
        otherwise: "once it is within reach: systemctl restart k3s-agent",
      })),
  );
}

function readyStep(cluster: ClusterPlan, server: NodePlan, request: RestoreRequest): Step {
  const parameters = {
    ...installParameters(cluster, server, liveFacts(request, server, [])),
    ATTEMPT: request.attempt,
  };
  return { node: server.node.name, script: scripts.readyToRestore, parameters, secretNames: [] };
}

function restoreStep(cluster: ClusterPlan, first: NodePlan, request: RestoreRequest): Step {
  const parameters = {
    ...installParameters(cluster, first, liveFacts(request, first, [])),
    SNAPSHOT: request.snapshot,
    ATTEMPT: request.attempt,
    ...storeParameters(cluster),
  };
  const secretNames = [...installSecrets.server, "SNAPSHOT_TOKEN"];
  return { node: first.node.name, script: scripts.restore, parameters, secretNames };
}

function rejoinStep(
  cluster: ClusterPlan,
  { first, server }: { readonly first: NodePlan; readonly server: NodePlan },
  request: RestoreRequest,
): Step {
  const live = liveFacts(request, server, [urlHost(first.node.address)]);
  const parameters = { ...installParameters(cluster, server, live), RESTORE: request.attempt };
  return { node: server.node.name, script: scripts.installServer, parameters, secretNames: installSecrets.server };
}

function liveFacts(request: RestoreRequest, { node }: NodePlan, servers: readonly string[]): NodeLiveFacts {
  return { machine: request.machines[node.name] ?? "", ca: "", servers, adopt: false };
}
