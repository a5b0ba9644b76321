import { resourcesOf, type Checkpoint, type StateResource } from "../pulumi/checkpoint.ts";
import { withoutResources } from "../pulumi/forget.ts";
import type { Inventory } from "./inventory.ts";

/** Objects and releases: what only the cluster itself could delete. Its provider is none of them. */
const isInCluster = ({ type }: Pick<StateResource, "type">): boolean => type.startsWith("kubernetes:");

/** A state without what is in the cluster, and without what a killed run was doing there or on its hosts. */
export function withoutCluster(state: Checkpoint): Checkpoint {
  const without = withoutResources(state, isInCluster);
  const goesOn = ({ type }: StateResource): boolean => !isInCluster({ type }) && !type.startsWith("command:");
  const pending = (without.deployment.pending_operations ?? []).filter(({ resource }) => goesOn(resource));
  return { ...without, deployment: { ...without.deployment, pending_operations: pending } };
}

export function describeForgotten(state: Checkpoint, { stayingNodes }: Inventory): string {
  const count = resourcesOf(state).filter(isInCluster).length;
  const staying =
    stayingNodes.length === 0
      ? ""
      : ` The disks of ${stayingNodes.join(", ")} stay as they are, with k3s and its data: should enough of them start again, the cluster does, and nobody knows of it.`;
  return (
    `\nThe cluster counts as lost: ${String(count)} objects and releases in it are forgotten and not deleted. What they made outside ` +
    `of it stays: volumes on other storage, DNS records, backups in object stores.${staying}`
  );
}
