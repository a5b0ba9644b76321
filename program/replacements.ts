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
 * anything is registered: Pulumi deletes a VM as soon as it comes to it, long before any script runs. A machine that a run
 * began to make anew, and did not finish, counts until it is there again.
 */
export async function guardReplacements(args: ReplacementsArgs): Promise<void> {
  const { plan, own, consented } = args;
  if (plan.machines.virtual === undefined || "missing" in own) return;
  if ("error" in own) throw new UserError(`This stack's own outputs cannot be read: ${own.error}`);
  const remembered = builtVms.safeParse(own.outputs["vms"]);
  const last = remembered.success ? new Map(Object.entries(remembered.data)) : undefined;
  // Outputs are of the last run that ended well: where they say that something changes, the state says what has been done since.
  if (last !== undefined && replaced(plan, last).length === 0) return;
  const standing = standingIn(plan, await args.readResources(), last);
  const found = replaced(plan, standing.built);
  const asked = found.filter(({ name }) => !consented.includes(name));
  // No run has ended well yet: there is no cluster to lose.
  const begun = own.outputs["clusterAccess"] === undefined ? [] : without(standing.begun, consented);
  refuseSeveral(asked.length === 0 ? [] : found, begun);
  const [one] = asked;
  if (one !== undefined && standing.vms.has(one.name) && !args.isPreview) await seeThatItMayGo(one, args);
}

/** One machine at a time: the one that a run began with first. */
function refuseSeveral(found: readonly Replacement[], begun: readonly string[]): void {
  const others = found.filter(({ name }) => !begun.includes(name));
  if (others.length > 0 && begun.length > 0) throw new UserError(notBackYet(others, begun));
  if (found.length > 1) throw new UserError(severalAtOnce(found));
}

const without = (names: readonly string[], out: readonly string[]): string[] =>
  names.filter((name) => !out.includes(name));

function replaced(plan: SitePlan, built: ReadonlyMap<string, BuiltVm>): readonly Replacement[] {
  return plan.machines.virtual === undefined ? [] : replacementsOf(plan.machines.virtual, built);
}

const vmType = "proxmoxve:index/vmLegacy:VmLegacy";
const machineType = "isthmus:proxmox:Machine";

/** What there is of the declared machines, by their names. */
export interface Standing {
  /** VMs that the state has. One that is deleted, and whose successor was not made yet, is still among them. */
  readonly vms: ReadonlySet<string>;
  /** What each machine was built from, as far as it is known. */
  readonly built: ReadonlyMap<string, BuiltVm>;
  /** Machines that were built once and are not whole: a run that was killed deleted the VM, or made it and got no further. */
  readonly begun: readonly string[];
}

/**
 * A machine's id, an output of its component, has the word between what the VM is and its hardware address. The engine forgets a
 * component's outputs as soon as its arguments change, until the program registers them anew, and that is when its VM is
 * there: a machine without an id is one that a run began to change and did not finish. Its VM says nothing then: one that is
 * deleted stays in the state, marked as `pendingReplacement`, which `readStackResourceOutputs` leaves out, until its successor
 * is made or `npm run recover` has looked for it. `last`: what the last run that ended well left, if it was of a release that says so.
 */
export function standingIn(
  plan: SitePlan,
  resources: ResourceOutputs,
  last: ReadonlyMap<string, BuiltVm> | undefined,
): Standing {
  const named = Object.entries(resources).map(([urn, one]) => ({ ...one, name: urn.slice(urn.lastIndexOf("::") + 2) }));
  const vms = new Map(
    named.filter(({ type }) => type === vmType).map(({ name, outputs }) => [name.replace(/-vm$/, ""), outputs]),
  );
  const machines = new Map(
    named.filter(({ type }) => type === machineType).map(({ name, outputs }) => [name, wordIn(outputs["machineId"])]),
  );
  const built = new Map<string, BuiltVm>();
  const begun: string[] = [];
  for (const [name, declared] of Object.entries(vmsToRemember(plan))) {
    const [vm, word] = [vms.get(name), machines.get(name)];
    const known = vm && { vmId: Number(vm["vmId"]), proxmoxNode: String(vm["nodeName"]) };
    if (known !== undefined && word !== undefined) {
      built.set(name, { ...known, rebuild: word });
      continue;
    }
    const before = last === undefined ? machines.has(name) && { ...declared, ...known, rebuild: "" } : last.get(name);
    if (before === undefined || before === false) continue;
    built.set(name, before);
    begun.push(name);
  }
  return { vms: new Set(vms.keys()), built, begun };
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

const notBackYet = (others: readonly Replacement[], begun: readonly string[]): string =>
  `A run before did not finish with ${begun.join(", ")}: deleted with its disks, or not whole yet, as far as the state knows. ` +
  `This run would delete the VM of ${others.map(({ name }) => name).join(", ")} as well, and make it anew:\n${others.map(keysOf).join("\n")}\n` +
  `One at a time, so that the cluster and the copies of its data survive it: take that back, run \`pulumi up\` until ${begun.join(", ")} ` +
  "is there again, and go on with the next when that has ended well.\n" +
  `If the cluster is lost anyway, and you go back to a snapshot afterwards: ${setTo([...others.map(({ name }) => name), ...begun])} pulumi up. ` +
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
