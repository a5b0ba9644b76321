import type { Parameters } from "@isthmus/remote/script";
import { z } from "zod";
import { kubeconfigRead } from "./kubeconfig.ts";
import type { ClusterPlan, NodePlan } from "../plan/plan.ts";
import { storeParameters } from "../operations/snapshots.ts";

/** What a server found where its snapshots go, and in which asking of it. */
const storeFound = z.object({ asked: z.int(), found: z.string() });
export type StoreFound = z.output<typeof storeFound>;

/** What one run finds out about a cluster and the next one begins with: a stack keeps it among its outputs. Nothing secret. */
export const clusterUpkeep = z.object({
  kubeconfig: kubeconfigRead.optional(),
  stores: z.record(z.string(), storeFound).default({}).describe("By server."),
});
export type ClusterUpkeep = z.output<typeof clusterUpkeep>;

/** What `store-probe.sh` is told, on a server. */
export function storeProbeParameters(cluster: ClusterPlan, { node }: NodePlan): Parameters {
  return { NODE: node.name, ...storeParameters(cluster) };
}

/**
 * Which asking of the store this run is at: the one of before, which changes nothing, or one more where nobody answered to it.
 * Keys, settings and machines that change are a change by themselves.
 */
export function askingOf(last: StoreFound | undefined): number {
  if (last === undefined) return 1;
  return isAway(last.found) ? last.asked + 1 : last.asked;
}

const isAway = (found: string): boolean => found.startsWith("away: ");

/** What `store-probe.sh` printed, of an asking. */
export const storeFoundBy = (asked: number, printed: string): StoreFound => ({ asked, found: printed.trim() });

/** What a person should know of it: nobody answers, or the store cannot be looked at, or it lets nothing be deleted. */
export function storeWarning(server: string, { found }: StoreFound): string | undefined {
  const told = found.split("\n").filter((line) => /^(away|unknown|note): /.test(line));
  if (told.length === 0) return undefined;
  const again = isAway(found)
    ? " Snapshots stay on the servers' disks meanwhile; the next `pulumi up` asks again."
    : "";
  return `${server} and the object store of its snapshots: ${told.join("; ")}.${again}`;
}
