import { getAt } from "@isthmus/core";
import {
  nameOf,
  pendingOf,
  resourcesOf,
  type Checkpoint,
  type PendingOperation,
  type StateResource,
} from "../pulumi/checkpoint.ts";

export const release = "kubernetes:helm.sh/v3:Release";
const virtualMachine = "proxmoxve:index/vmLegacy:VmLegacy";

/** What a killed run was doing, and what becomes of it. */
export interface Interrupted {
  readonly operation: PendingOperation;
  /** The identifier under which it is looked for: it may be there already. Absent: the next `up` just does it again. */
  readonly lookFor?: string;
}

export function interruptedIn(state: Checkpoint): readonly Interrupted[] {
  const known = new Map(resourcesOf(state).map((resource) => [resource.urn, resource]));
  return pendingOf(state).map((operation) => {
    const lookFor = isLookedFor(operation, known.get(operation.resource.urn))
      ? importId(operation.resource)
      : undefined;
    return { operation, ...(lookFor === undefined ? {} : { lookFor }) };
  });
}

/**
 * A thing that was being made may be there already. One that was being deleted may be gone already, and of a release
 * that is gone Helm says `Release not loaded` for ever. What stands in the state while it was being made is being replaced:
 * where the old one is gone (`pendingReplacement`), what is there is the new one.
 */
function isLookedFor({ type }: PendingOperation, known: StateResource | undefined): boolean {
  if (type === "deleting") return known !== undefined;
  return type === "creating" && (known === undefined || known["pendingReplacement"] === true);
}

/**
 * The identifier by which a provider finds what a create may have made, for those that would refuse to make it again.
 * Files on Proxmox are written over, and commands are safe to repeat. Source: the import sections of the providers' pages.
 */
export function importId({ type, inputs = {} }: StateResource): string | undefined {
  if (type === virtualMachine) return joined(inputs, ["nodeName", "vmId"]);
  if (type === release) return joined(inputs, ["namespace", "name"]);
  if (!type.startsWith("kubernetes:")) return undefined;
  return joined(inputs, ["metadata.namespace", "metadata.name"]) ?? joined(inputs, ["metadata.name"]);
}

function joined(inputs: unknown, paths: readonly string[]): string | undefined {
  const parts = paths.map((path) => getAt(inputs, path));
  return parts.every((part) => typeof part === "string" || typeof part === "number") ? parts.join("/") : undefined;
}

/** One line a person understands. */
export function describeInterrupted({ operation, lookFor }: Interrupted): string {
  const { resource, type } = operation;
  const what = `${type} ${nameOf(resource)} (${resource.type})`;
  if (type === "deleting" && lookFor !== undefined)
    return `${what}: is looked for as ${lookFor}; where it is still there, the next \`up\` or \`destroy\` deletes it`;
  if (lookFor !== undefined) return `${what}: is looked for as ${lookFor}, and taken up if it is there`;
  if (type === "deleting") return `${what}: the next \`up\` or \`destroy\` deletes it`;
  return `${what}: the next \`up\` does it again`;
}

/** The state without pending operations; what may have been made stands in it, to be read from where it would be. */
export function withoutPending(state: Checkpoint, interrupted: readonly Interrupted[]): Checkpoint {
  const candidates = interrupted.flatMap(({ operation, lookFor }) =>
    lookFor === undefined || operation.type === "deleting" ? [] : [{ ...operation.resource, id: lookFor, outputs: {} }],
  );
  const replaced = new Map(candidates.map((candidate) => [candidate.urn, candidate]));
  const known = resourcesOf(state).map((resource) => {
    const candidate = replaced.get(resource.urn);
    replaced.delete(resource.urn);
    return candidate ?? resource;
  });
  const resources = [...known, ...replaced.values()];
  return { ...state, deployment: { ...state.deployment, resources, pending_operations: [] } };
}

/** What was found where something was looked for. */
export interface Outcome {
  readonly interrupted: Interrupted;
  readonly found: boolean;
  /** Why it cannot be taken up although it is there, with the fix. */
  readonly refused?: string;
}

/** Compares what was looked for with what the refreshed state holds. */
export function outcomes(interrupted: readonly Interrupted[], refreshed: Checkpoint): readonly Outcome[] {
  const now = new Map(resourcesOf(refreshed).map((resource) => [resource.urn, resource]));
  const looked = interrupted.filter((one) => one.lookFor !== undefined);
  return looked.map((one) => {
    const found = now.get(one.operation.resource.urn);
    const taken = found !== undefined && one.operation.type === "creating";
    const refused = taken ? whyNotTaken(one, found) : undefined;
    return { interrupted: one, found: found !== undefined, ...(refused === undefined ? {} : { refused }) };
  });
}

function whyNotTaken({ operation, lookFor }: Interrupted, found: StateResource): string | undefined {
  const { type, inputs = {} } = operation.resource;
  if (type !== virtualMachine) return undefined;
  const [wanted, has] = [inputs["name"], getAt(found, "outputs.name")];
  if (wanted === has) return undefined;
  return `VM ${lookFor ?? ""} is there and its name is ${JSON.stringify(has)}, not ${JSON.stringify(wanted)}: it is somebody else's. Give this node another vm.id`;
}

/** The state without what was looked for and must not be taken up. */
export function withoutRefused(state: Checkpoint, looked: readonly Outcome[]): Checkpoint {
  const out = new Set(
    looked.flatMap((one) => (one.refused === undefined ? [] : [one.interrupted.operation.resource.urn])),
  );
  const resources = resourcesOf(state).filter(({ urn }) => !out.has(urn));
  return { ...state, deployment: { ...state.deployment, resources } };
}
