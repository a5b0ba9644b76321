/** What no later release may make anew, take away or replace: what data, access or other resources hang on. */
import type { StateResource, Step } from "../../kits/engine/harness.ts";

const guardedTypes: readonly RegExp[] = [
  // Machines.
  /^proxmoxve:index\/vmLegacy:/,
  // With a namespace its volume claims go; with a release that stores, its volumes may; a database has its own.
  /^kubernetes:core\/v1:(Namespace|PersistentVolume|PersistentVolumeClaim)$/,
  /^kubernetes:helm\.sh\/v3:Release$/,
  /^kubernetes:postgresql\.cnpg\.io\/v1:Cluster$/,
  /^kubernetes:longhorn\.io\/\w+:Volume$/,
  // Keys and certificate authorities, passwords and tokens.
  /^tls:/,
  /^random:/,
  // Another provider is another cluster, another Proxmox, another host: all that it made would be replaced.
  /^pulumi:providers:/,
];

export const isGuarded = ({ type }: { readonly type: string }): boolean =>
  guardedTypes.some((pattern) => pattern.test(type));

/** Providers that no program names: the engine makes one for each version of an SDK, and none of them holds a setting. */
export const isDefaultProvider = ({ urn, type }: { readonly urn: string; readonly type: string }): boolean =>
  type.startsWith("pulumi:providers:") && /::default(_\d+_\d+_\d+)?$/.test(urn);

/** Which thing it is, whatever its name: the id that its maker gave it, and what was made up once and for all. */
export const identity = ({ type, id, outputs }: StateResource): string =>
  [type, id ?? "", ...madeUp.map((name) => JSON.stringify(outputs?.[name] ?? ""))].join(" ");

const madeUp: readonly string[] = ["result", "privateKeyPem", "certPem"];

const harmless: ReadonlySet<string> = new Set(["same", "update", "read", "refresh"]);

/** A new service brings its namespace and releases; whatever else is guarded is made anew only where that is said. */
const comesAndHarmsNobody = /^kubernetes:(core\/v1:Namespace|helm\.sh\/v3:Release)$/;

/** `OPERATION URN` of what a run does, or would do, to guarded things. `expectedNew`: names of what may be created. */
export function harmDone(steps: readonly Step[], expectedNew: readonly string[]): readonly string[] {
  return steps
    .filter((step) => isGuarded(step) && !isDefaultProvider(step) && !harmless.has(step.op))
    .filter(({ op, name, type }) => op !== "create" || !(comesAndHarmsNobody.test(type) || expectedNew.includes(name)))
    .map(({ op, urn, diffs }) => `${op} ${urn}${diffs.length > 0 ? ` (${diffs.join(", ")})` : ""}`);
}
