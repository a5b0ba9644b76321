import { unique } from "@isthmus/core";
import type { AffectedGroup } from "./affected.ts";
import type { Failure } from "../model/failure.ts";
import type { IndexedService, IndexedWorkload } from "../model/fleet-index.ts";
import { membersNeeded } from "../model/quorum.ts";

/** Which data of a service a failure may cost, in the worst case; `undefined` where none. */
export function dataAtRisk(
  { workloads }: IndexedService,
  failure: Failure,
  affected: readonly AffectedGroup[],
): string | undefined {
  const risks = unique(workloads.flatMap((workload) => riskOf(workload, failure, affected) ?? []));
  return risks.length === 0 ? undefined : risks.join("; ");
}

function riskOf(indexed: IndexedWorkload, failure: Failure, affected: readonly AffectedGroup[]): string | undefined {
  const { stores, writes } = indexed.workload;
  if (stores === undefined) return undefined;
  if (failure.kind === "link") return splitBrainRisk(indexed);
  if (failure.kind === "everything") return undefined;
  const placed = indexed.groups.reduce((sum, group) => sum + group.placed, 0);
  const lost = indexed.groups.reduce((sum, group) => sum + (affected[group.id]?.lost.most ?? 0), 0);
  if (lost === 0) return undefined;
  const movesAway = failure.kind !== "site" && stores.moves === "site";
  if (!movesAway && placed - lost < copiesNeeded(indexed)) {
    const which = failure.kind === "site" ? "the site's disks" : "the lost disks";
    if ("none" in stores.backup)
      return `${stores.what}: all of it if ${which} are gone for good (no backup: ${stores.backup.none})`;
    const { by, to, every } = stores.backup;
    return `${stores.what}: what is newer than the last backup (${by} to ${to}, every ${every}) if ${which} are gone for good`;
  }
  if (writes.kind === "primary" && placed > lost) {
    return `${stores.what}: the last writes that the lost leader had not handed on`;
  }
  return undefined;
}

/** How many members must be left for their data to be whole. */
function copiesNeeded({ workload: { reads }, total }: IndexedWorkload): number {
  return reads.kind === "atLeast" || reads.kind === "all" ? membersNeeded(reads, total) : 1;
}

/** Both sides may write what the other does not see. */
function splitBrainRisk({ workload: { writes, stores }, groups }: IndexedWorkload): string | undefined {
  if (groups.filter((group) => group.placed > 0).length < 2) return undefined;
  if (writes.kind === "any")
    return `split brain: every site goes on writing ${stores?.what ?? ""}, and the changes must be reconciled`;
  if (writes.kind !== "primary") return undefined;
  return writes.failover === "person"
    ? "split brain, if a person promotes a member while the old leader runs out of reach"
    : "split brain, if a site without the leader elects one of its own while the old one runs out of reach";
}
