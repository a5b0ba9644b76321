import { UserError } from "@isthmus/core";
import {
  certificateRotation,
  lookAtCertificates,
  needsRotation,
  nodeCertificates,
  type NodeCertificates,
  type RotationRequest,
} from "@isthmus/k3s";
import { askNodes, longestLook } from "./ask-nodes.ts";
import type { DeployedCluster } from "./deployed.ts";
import { maintain, type Manner } from "./maintain.ts";

type Looked = Readonly<Record<string, NodeCertificates | string>>;

/** What is known of every node's certificates. */
export const lookAtAllCertificates = async (cluster: DeployedCluster): Promise<Looked> =>
  askNodes(cluster, { step: lookAtCertificates, shape: nodeCertificates, timeoutMs: longestLook });

/** What would be done, one line a node. */
export function describeRotation(looked: Looked, request: RotationRequest): string {
  const meant = Object.entries(looked).filter(([name]) => request.only?.includes(name) ?? true);
  const width = Math.max(...meant.map(([name]) => name.length));
  return meant.map(([name, found]) => `${name.padEnd(width)}  ${describeNode(found, request)}`).join("\n");
}

function describeNode(found: NodeCertificates | string, request: RotationRequest): string {
  if (typeof found === "string") return found;
  const { days, rotating } = found;
  const end = days === null ? "it is not known when they end" : `the first ends in ${String(days)} days`;
  const work = rotating ? "go on with a rotation that did not end" : "renew";
  return `${needsRotation(found, request) ? work : "nothing to do"}: ${end}`;
}

/**
 * Renews the certificates of nodes, servers one by one, then agents in lanes, and sees that they are new. Nodes that
 * cannot be looked at are left out, and told of at the end.
 */
export async function rotateCertificates(
  cluster: DeployedCluster,
  { looked, request, manner }: { looked: Looked; request: RotationRequest; manner: Manner },
): Promise<void> {
  const known = Object.fromEntries(
    Object.entries(looked).flatMap(([name, found]) => (typeof found === "string" ? [] : [[name, found] as const])),
  );
  const order = certificateRotation(cluster.plan, known, request);
  await maintain(cluster.access, order, manner);
  const worked = [...order.servers, ...order.lanes.flat()].map(({ node }) => node);
  if (worked.length > 0) await seeThatTheyAreNew(cluster, worked);
  const unknown = Object.entries(looked).flatMap(([name, found]) =>
    typeof found === "string" && (request.only?.includes(name) ?? true) ? [`  ${name} ${found}`] : [],
  );
  if (unknown.length > 0)
    throw new UserError(`These were left out; run again when they answer:\n${unknown.join("\n")}`);
}

/** What was renewed is not a day old. */
async function seeThatTheyAreNew(cluster: DeployedCluster, only: readonly string[]): Promise<void> {
  const now = await askNodes(cluster, {
    only,
    step: lookAtCertificates,
    shape: nodeCertificates,
    timeoutMs: longestLook,
  });
  const old = Object.entries(now).flatMap(([name, found]) => {
    if (typeof found === "string") return [`  ${name} ${found}`];
    if (found.days === null || !needsRotation(found, { olderThanDays: 1 })) return [];
    return [`  ${name}: the first of its certificates ends in ${String(found.days)} days`];
  });
  if (old.length > 0) throw new UserError(`k3s was started anew, and not all certificates are:\n${old.join("\n")}`);
}
