import type { Parameters } from "@isthmus/remote/script";
import { z } from "zod";
import { maintenanceOrder, type MaintenanceOrder } from "./maintenance.ts";
import { plannedNodes, type ClusterPlan, type NodePlan } from "../plan/plan.ts";
import type { Step } from "./step.ts";
import { scripts } from "../scripts/scripts.ts";

/** What `os-updates.sh` prints of a host. */
export const hostUpdates = z.object({
  /** Why its packages are not updated from here; empty where they are. */
  refusal: z.string(),
  /** Why it is not known what it waits for; empty where that is known. Says nothing of whether the host is well. */
  failure: z.string().default(""),
  /** What an upgrade would install, or has to finish. */
  packages: z.array(z.string()),
  rebootRequired: z.boolean(),
  /** Another one at every boot. */
  bootId: z.string(),
  /** Seconds since the epoch. */
  bootedAt: z.number(),
  /** A run that did not end cordoned it. Null: not known, as the API does not answer. */
  cordonedByUs: z.boolean().nullable(),
  /** Ready; a server votes, and its API answers. */
  well: z.boolean(),
});
export type HostUpdates = z.output<typeof hostUpdates>;

/** By node; a text says why nothing is known of it. */
export type LookedForUpdates = Readonly<Record<string, HostUpdates | string>>;

/** `when-required`: where the system asks for it. `always`: also where it does not. `never`: it is only told. */
export const rebootPolicies = ["when-required", "always", "never"] as const;
export type RebootPolicy = (typeof rebootPolicies)[number];

export interface UpdateRequest {
  readonly reboot: RebootPolicy;
  /** With `always`: when this run of updates began, in seconds since the epoch; who booted since then is not rebooted again. */
  readonly since: number;
  /** The nodes that are meant. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** Asks a host what it waits for. */
export function lookForUpdates({ node }: NodePlan): Step {
  return { node: node.name, script: scripts.osUpdates, parameters: about({ node }), secretNames: [] };
}

/** What an update of the hosts does: one at a time, servers first. Hosts that wait for nothing are left out. */
export function osUpdate(plan: ClusterPlan, looked: LookedForUpdates, request: UpdateRequest): MaintenanceOrder {
  const { servers, lanes } = maintenanceOrder(plan, {
    only: request.only,
    stepsOf: (node) => updateSteps(plan, node, { found: looked[node.node.name], request }),
    leaves: (steps) => steps.some(({ script }) => script === scripts.makeWay),
    isWell: (node) => {
      const found = looked[node];
      return typeof found === "object" && found.well;
    },
    whyNot: (node) => {
      const found = looked[node];
      return typeof found === "string" ? found : undefined;
    },
  });
  const agents = lanes.flat();
  return { servers, lanes: agents.length > 0 ? [agents] : [] };
}

function updateSteps(
  plan: ClusterPlan,
  node: NodePlan,
  { found, request }: { readonly found: HostUpdates | string | undefined; readonly request: UpdateRequest },
): readonly Step[] {
  if (typeof found !== "object" || found.failure !== "") return [];
  const { upgrade, waitSeconds } = plan.settings;
  const step = (script: Step["script"], parameters: Parameters = {}): Step => ({
    node: node.node.name,
    script,
    parameters: { ...about(node), ...parameters },
    secretNames: [],
  });
  const back = step(scripts.returnToService, { WAIT_SECONDS: waitSeconds });
  const updates = found.packages.length > 0;
  if (!updates && !isToReboot(found, request)) return found.cordonedByUs === false ? [] : [back];
  return [
    step(scripts.makeWay, { DRAIN: upgrade.drain, DRAIN_SECONDS: upgrade.drainSeconds }),
    ...(updates ? [step(scripts.updateOs)] : []),
    step(scripts.rebootHost, { BOOT_ID: found.bootId, REBOOT: rebootOf(found, request) }),
    back,
  ];
}

/** Who booted since the run began has had the reboot that `always` asks for. */
const rebootOf = ({ bootedAt }: HostUpdates, { reboot, since }: UpdateRequest): RebootPolicy =>
  reboot === "always" && bootedAt >= since ? "when-required" : reboot;

function isToReboot(found: HostUpdates, request: UpdateRequest): boolean {
  const reboot = rebootOf(found, request);
  return reboot === "always" || (reboot === "when-required" && found.rebootRequired);
}

/** What would be done to each node that is meant, in words, by node. */
export function describeUpdate(
  plan: ClusterPlan,
  looked: LookedForUpdates,
  request: UpdateRequest,
): Readonly<Record<string, string>> {
  const { servers, lanes } = osUpdate(plan, looked, request);
  const work = new Map([...servers, ...lanes.flat()].map((one) => [one.node, one]));
  const names = plannedNodes(plan).map(({ node }) => node.name);
  return Object.fromEntries(
    names
      .filter((name) => request.only?.includes(name) ?? true)
      .map((name) => {
        const refused = work.get(name)?.refused;
        const words = describeHost(looked[name] ?? "was not looked at", request);
        return [name, refused === undefined ? words : `${words}; refused: ${refused}`];
      }),
  );
}

function describeHost(found: HostUpdates | string, request: UpdateRequest): string {
  if (typeof found === "string") return found;
  const { packages, rebootRequired, cordonedByUs, refusal, failure } = found;
  const count = packages.length;
  const shown = packages.slice(0, 5).join(", ") + (count > 5 ? ", …" : "");
  const reboots = isToReboot(found, request);
  const parts = [
    ...(refusal === "" ? [] : [refusal]),
    ...(failure === "" ? [] : [failure]),
    ...(count === 0 ? [] : [`${String(count)} ${count === 1 ? "package" : "packages"} (${shown})`]),
    ...(reboots ? ["a reboot"] : []),
    ...(rebootRequired && !reboots ? ["a reboot is due, and left to you"] : []),
    ...(count > 0 && !reboots && request.reboot !== "never" ? ["a reboot if they ask for one"] : []),
    ...(cordonedByUs === true ? ["an earlier run did not end here"] : []),
    ...(cordonedByUs === null ? ["whether it is in service is not known"] : []),
  ];
  return parts.length === 0 ? "nothing to do" : parts.join("; ");
}

const about = ({ node }: Pick<NodePlan, "node">): Parameters => ({ NODE: node.name, ROLE: node.role });
