import { createRequire } from "node:module";
import { readablePath, splitSourcePath, UserError } from "@isthmus/core";
import { clusterAccess, letGo, planCluster, type AskedOfServers, type ClusterAccess } from "@isthmus/k3s";
import { replacementsOf, type BuiltVm, type Replacement } from "@isthmus/proxmox";
import type * as client from "@isthmus/remote/client";
import { renderCommand, renderInput } from "@isthmus/remote/script";
import { z } from "zod";
import type { SitePlan } from "../plan/plans.ts";
import type { ResourceOutputs, StackRead } from "./peers.ts";

/** By the consent of a person: names of machines, with commas. Their VMs go, whatever the cluster says of it. */
export const consentVariable = "ISTHMUS_REPLACE";

/** What was built before, as the stack's own outputs say it: it spares reading the state of every resource. */
const builtVms = z.record(z.string(), z.object({ vmId: z.number(), rebuild: z.string(), proxmoxNode: z.string() }));

/** What the next run finds under `vms` in this stack's outputs. */
export function vmsToRemember({ machines, site }: SitePlan): z.input<typeof builtVms> {
  const node = (host: string): string => site.proxmox?.hypervisors[host]?.node ?? "";
  return Object.fromEntries(
    (machines.virtual?.machines ?? []).map(({ name, vm }) => [
      name,
      { vmId: vm.id, rebuild: vm.rebuild ?? "", proxmoxNode: node(vm.host) },
    ]),
  );
}

export interface ReplacementsArgs {
  readonly plan: SitePlan;
  /** This stack's own outputs, of its last run that ended well. */
  readonly own: StackRead;
  /** The state of this stack's resources: type and outputs, by URN. */
  readonly readResources: () => Promise<ResourceOutputs>;
  readonly isPreview: boolean;
  /** Names from {@link consentVariable}. */
  readonly consented: readonly string[];
  /** Asks the servers that stay; a status other than 0 is a refusal. */
  readonly ask: (asked: AskedOfServers, access: ClusterAccess) => Promise<client.RunResult>;
}

/**
 * Refuses what would delete more than one machine in one run, and a machine that the cluster cannot do without, before
 * anything is registered: Pulumi deletes a VM as soon as it comes to it, long before any script runs.
 */
export async function guardReplacements(args: ReplacementsArgs): Promise<void> {
  const { plan, own, consented } = args;
  if (plan.machines.virtual === undefined || "missing" in own) return;
  if ("error" in own) throw new UserError(`This stack's own outputs cannot be read: ${own.error}`);
  const remembered = builtVms.safeParse(own.outputs["vms"]);
  // Outputs are of the last run that ended well: where they say that something changes, the state says what has been done since.
  if (remembered.success && replaced(plan, new Map(Object.entries(remembered.data))).length === 0) return;
  const found = replaced(plan, builtIn(await args.readResources()));
  const asked = found.filter(({ name }) => !consented.includes(name));
  if (asked.length === 0) return;
  if (found.length > 1) throw new UserError(severalAtOnce(found));
  const [one] = asked;
  if (one !== undefined && !args.isPreview) await seeThatItMayGo(one, args);
}

function replaced(plan: SitePlan, built: ReadonlyMap<string, BuiltVm>): readonly Replacement[] {
  return plan.machines.virtual === undefined ? [] : replacementsOf(plan.machines.virtual, built);
}

const vmType = "proxmoxve:index/vmLegacy:VmLegacy";
const machineType = "isthmus:proxmox:Machine";

/** VMs by the names of their machines. A machine's id has the word between what the VM is and its hardware address. */
export function builtIn(resources: ResourceOutputs): ReadonlyMap<string, BuiltVm> {
  const named = Object.entries(resources).map(([urn, one]) => ({ ...one, name: urn.slice(urn.lastIndexOf("::") + 2) }));
  const words = new Map(
    named
      .filter(({ type }) => type === machineType)
      .map(({ name, outputs: { machineId } }) => [name, wordIn(machineId)]),
  );
  const vms = named.flatMap(({ type, name, outputs }): [string, BuiltVm][] => {
    const machine = name.replace(/-vm$/, "");
    const rebuild = words.get(machine);
    // Without its machine's outputs it is of a run that did not get that far: nothing was installed on it.
    if (type !== vmType || rebuild === undefined) return [];
    const { vmId, nodeName } = outputs;
    return [[machine, { vmId: Number(vmId), rebuild, proxmoxNode: String(nodeName) }]];
  });
  return new Map(vms);
}

const wordIn = (machineId: unknown): string | undefined =>
  typeof machineId === "string" ? machineId.split("/").at(-2) : undefined;

async function seeThatItMayGo(one: Replacement, { plan, own, ask }: ReplacementsArgs): Promise<void> {
  const access = clusterAccess.safeParse("outputs" in own ? own.outputs["clusterAccess"] : undefined);
  // No run has ended well yet: there is no cluster to lose.
  if (!access.success) return;
  const asked = letGo(planCluster(plan.cluster), one.name);
  if (asked.servers.length === 0) {
    throw new UserError(refused(one, `${one.name} is the only server: all that the cluster knows would go with it.`));
  }
  let answer: client.RunResult;
  try {
    answer = await ask(asked, access.data);
  } catch (error) {
    throw new UserError(refused(one, error instanceof Error ? error.message : String(error)));
  }
  if (answer.status !== 0) throw new UserError(refused(one, answer.stderr.trim()));
}

const keysOf = ({ name, keys }: Replacement): string =>
  `  ${name}: ${keys.map((key) => `${readablePath(key)} in ${splitSourcePath(key).file}`).join(", ")}`;

const setTo = (names: readonly string[]): string => `${consentVariable}=${names.join(",")}`;

const severalAtOnce = (found: readonly Replacement[]): string =>
  `This run would delete ${String(found.length)} VMs with their disks and make them anew:\n${found.map(keysOf).join("\n")}\n` +
  "One at a time, so that the cluster and the copies of its data survive it: take back all but one of these, run `pulumi up`, " +
  "and go on with the next when that has ended well.\n" +
  `If the cluster is lost anyway, and you go back to a snapshot afterwards: ${setTo(found.map(({ name }) => name))} pulumi up. ` +
  "That gives up all that is on these disks.";

const refused = (one: Replacement, why: string): string =>
  `This run would delete the VM of ${one.name} with its disks and make it anew:\n${keysOf(one)}\n` +
  `Nothing was changed, as that is not safe now:\n${why}\n` +
  `If the cluster is lost anyway: ${setTo([one.name])} pulumi up. That gives up all that is on these disks.`;

/** The real way to ask: over SSH, once each. */
export async function askServers(
  { servers, script, parameters }: AskedOfServers,
  access: ClusterAccess,
): Promise<client.RunResult> {
  // SSH is loaded where a machine is replaced, and nowhere else. Not by `import()`: the program itself is required (decision 0009).
  const { runOnAnyHost } = createRequire(import.meta.url)("@isthmus/remote/client") as typeof client;
  const hosts = servers.flatMap((name) => {
    const host = access.hosts[name];
    if (host === undefined) return [];
    const { proxy, ...rest } = host;
    return [proxy === undefined ? rest : { ...rest, proxy }];
  });
  const user = hosts.find((host) => host.user !== "root")?.user ?? "root";
  const command = renderCommand({ script, host: "cluster", parameters, secretNames: [], user });
  return runOnAnyHost(hosts, { command, input: renderInput({ script }, {}) }, { rounds: 2, pause: 2_000 });
}
