import { revealedThroughout } from "@isthmus/core";
import { keptServerTokens, serverTokenGeneration, type ClusterAccess } from "@isthmus/k3s";
import { z } from "zod";
import { nameOf, resourcesOf, type Checkpoint } from "../pulumi/checkpoint.ts";

const password = z.object({ result: z.string() });

/**
 * A rotation that did not end has its new token in the state alone, and snapshots may be of it already; tokens that are
 * to be let go of are there as long as they are protected. So what the state holds counts beside the stack's outputs.
 * @param state exported with its secrets shown.
 */
export function withTokensInState(access: ClusterAccess, state: Checkpoint): ClusterAccess {
  const made = resourcesOf(state).flatMap((resource) => {
    const generation = serverTokenGeneration(nameOf(resource));
    if (generation === undefined || resource.type !== "random:index/randomPassword:RandomPassword") return [];
    const read = password.safeParse(revealedThroughout(resource.outputs));
    return read.success && resource.delete !== true ? [{ generation, token: read.data.result }] : [];
  });
  const newestFirst = [...made].sort((a, b) => b.generation - a.generation).map(({ token }) => token);
  const [today, ...older] = [...new Set([...newestFirst, ...keptServerTokens(access)])];
  if (today === undefined) return access;
  return { ...access, secrets: { ...access.secrets, SERVER_TOKEN: today, OLDER_TOKENS: older.join("\n") } };
}
