import { z } from "zod";
import { maintenanceOrder, type MaintenanceOrder } from "./maintenance.ts";
import type { ClusterPlan, NodePlan } from "../plan/plan.ts";
import type { Step } from "./step.ts";
import { scripts } from "../scripts/scripts.ts";

/** How long k3s' certificates are valid: https://docs.k3s.io/cli/certificate */
export const certificateValidDays = 365;

/** What `certificate-state.sh` prints of a node. */
export const nodeCertificates = z.object({
  /** Days until the first of them ends, rounded down; null where it is not known. */
  days: z.number().nullable(),
  /** A rotation began here and did not end. */
  rotating: z.boolean(),
  /** Ready; a server votes, and its API answers. */
  well: z.boolean(),
});
export type NodeCertificates = z.output<typeof nodeCertificates>;

export interface RotationRequest {
  /** Certificates that were made longer ago than this are renewed; 0: all. */
  readonly olderThanDays: number;
  /** The nodes that are meant. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** Asks a node about its certificates. */
export function lookAtCertificates({ node: { name, role } }: NodePlan): Step {
  return { node: name, script: scripts.certificateState, parameters: { NODE: name, ROLE: role }, secretNames: [] };
}

/** What a rotation does: servers one by one, agents in lanes. What is not known of a node is in need; who is not in `found` is not. */
export function certificateRotation(
  plan: ClusterPlan,
  found: Readonly<Record<string, NodeCertificates>>,
  request: RotationRequest,
): MaintenanceOrder {
  const { olderThanDays, only } = request;
  return maintenanceOrder(plan, {
    only,
    stepsOf: ({ node: { name, role } }) => {
      const certificates = found[name];
      if (certificates === undefined || !needsRotation(certificates, request)) return [];
      const told = { NODE: name, ROLE: role, WAIT_SECONDS: plan.settings.waitSeconds };
      const parameters = { ...told, RENEW_BELOW_DAYS: renewedBelow(olderThanDays) };
      return [{ node: name, script: scripts.rotateCertificates, parameters, secretNames: [] }];
    },
    leaves: () => true,
    isWell: (node) => found[node]?.well ?? false,
  });
}

/** Certificates that end in fewer days are renewed. A day that has begun counts as none. */
const renewedBelow = (olderThanDays: number): number =>
  olderThanDays === 0 ? certificateValidDays + 1 : certificateValidDays - olderThanDays;

export function needsRotation(
  { days, rotating }: NodeCertificates,
  { olderThanDays }: Pick<RotationRequest, "olderThanDays">,
): boolean {
  return rotating || days === null || days < renewedBelow(olderThanDays);
}
