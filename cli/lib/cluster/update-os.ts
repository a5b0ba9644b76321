import { UserError } from "@isthmus/core";
import {
  describeUpdate,
  hostUpdates,
  lookForUpdates,
  osUpdate,
  type LookedForUpdates,
  type UpdateRequest,
} from "@isthmus/k3s";
import { askNodes } from "./ask-nodes.ts";
import type { DeployedCluster } from "./deployed.ts";
import { maintain, type Manner } from "./maintain.ts";

/** What every host waits for. All are asked, whichever are meant: quorum is a question to all servers. */
export async function lookForOsUpdates(cluster: DeployedCluster): Promise<LookedForUpdates> {
  return askNodes(cluster, { step: lookForUpdates, shape: hostUpdates });
}

/** What would be done, one line a node. */
export function describeOsUpdate({ plan }: DeployedCluster, looked: LookedForUpdates, request: UpdateRequest): string {
  const described = Object.entries(describeUpdate(plan, looked, request));
  const width = Math.max(...described.map(([name]) => name.length));
  return described.map(([name, words]) => `${name.padEnd(width)}  ${words}`).join("\n");
}

/**
 * Updates the systems of the hosts, one at a time, servers first; a run that was killed goes on when it is run again.
 * Hosts that cannot be looked at are left out, and told of at the end.
 */
export async function updateOs(
  cluster: DeployedCluster,
  { looked, request, manner }: { looked: LookedForUpdates; request: UpdateRequest; manner: Manner },
): Promise<void> {
  const meant = Object.entries(looked).filter(([name]) => request.only?.includes(name) ?? true);
  const strange = meant.flatMap(([name, found]) =>
    typeof found === "object" && found.refusal !== "" ? [`  ${name}: ${found.refusal}`] : [],
  );
  if (strange.length > 0) {
    throw new UserError(
      `Nothing was changed. Not all of these hosts can be updated from here:\n${strange.join("\n")}\n` +
        "Update those by hand (cordon, update, reboot, uncordon), and name the others with --only.",
    );
  }
  await maintain(cluster.access, osUpdate(cluster.plan, looked, request), manner);
  const unknown = meant.flatMap(([name, found]) => {
    if (typeof found === "string") return [`  ${name} ${found}`];
    return found.failure === "" ? [] : [`  ${name}: ${found.failure}`];
  });
  if (unknown.length > 0)
    throw new UserError(`These were left out; run again when they answer:\n${unknown.join("\n")}`);
}
