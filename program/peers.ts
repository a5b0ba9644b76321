import { setTimeout as sleep } from "node:timers/promises";
import { getAt, UserError } from "@isthmus/core";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import {
  exportSecretsSchema,
  exportsSchema,
  keptPeersSchema,
  keptSecretsSchema,
  outputsVersion,
  type SiteExportsRead,
} from "./outputs-schema.ts";

/** How another site's outputs were found. */
type PeerStatus = "linked" | "absent" | "unreadable" | "other version";

/** Another site, as this run knows it. `values` are fresh ones, or the last good ones; absent before the first link. */
export interface Peer {
  readonly site: string;
  readonly status: PeerStatus;
  readonly why?: string;
  readonly values?: SiteExportsRead;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A stack's outputs as the engine gives them, or why it does not. */
export type StackRead =
  { readonly outputs: Readonly<Record<string, unknown>> } | { readonly missing: true } | { readonly error: string };

/** Type and outputs, by URN. */
export type ResourceOutputs = Readonly<
  Record<string, { readonly type: string; readonly outputs: Readonly<Record<string, unknown>> }>
>;

/** Reads stacks by name; the engine's own way is {@link readStack}. */
export type ReadStack = (stack: string) => Promise<StackRead>;

/**
 * Reads another stack's outputs. A `StackReference` to an absent stack fails the whole preview; this invoke can be caught.
 * @see https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
 */
export const readStack: ReadStack = async (stack) =>
  patiently(async () => pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: fullName(stack) }));

/** The outputs of every resource in this stack's state: also of those that a run made which did not end well. */
export async function readOwnResources(): Promise<ResourceOutputs> {
  const read = await patiently(async () =>
    pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName: fullName(pulumi.getStack()) }),
  );
  if ("outputs" in read) return read.outputs as ResourceOutputs;
  throw new UserError(`This stack's own state cannot be read: ${"error" in read ? read.error : "it is not there"}`);
}

/** Asks once about each stack. */
export function remembering(read: ReadStack): ReadStack {
  const asked = new Map<string, ReturnType<ReadStack>>();
  return async (stack) => {
    const answer = asked.get(stack) ?? read(stack);
    asked.set(stack, answer);
    return answer;
  };
}

const fullName = (stack: string): string => `${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`;

async function patiently(invoke: () => Promise<unknown>): Promise<StackRead> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const outputs = getAt(await invoke(), "outputs");
      return { outputs: typeof outputs === "object" && outputs !== null ? (outputs as Record<string, unknown>) : {} };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (/unknown stack|no stack named/i.test(message)) return { missing: true };
      // A backend of files is sometimes read while the engine writes it.
      if (attempt === readAttempts) return { error: firstLine(message) };
      await sleep(attempt * 100);
    }
  }
}

const readAttempts = 4;

const firstLine = (text: string): string => text.split("\n")[0]?.slice(0, 200) ?? "";

/**
 * All other sites. Only an absent one that was never linked leaves links out: in every other case the last good values,
 * kept in this stack's own outputs, hold.
 */
export async function readPeers(own: string, peers: readonly string[], read: ReadStack): Promise<readonly Peer[]> {
  if (peers.length === 0) return [];
  const [before, ...reads] = await Promise.all([own, ...peers].map(read));
  return peers.map((site, index) => {
    const found = sort(reads[index] ?? { missing: true });
    if (found.status === "linked") return { site, ...found };
    const kept = keptIn(before);
    const values = kept.values[site];
    const secrets = kept.secrets[site] ?? {};
    return values === undefined ? { site, ...found, secrets: {} } : { site, ...found, values, secrets };
  });
}

type Found =
  | { readonly status: "linked"; readonly values: SiteExportsRead; readonly secrets: Readonly<Record<string, string>> }
  | { readonly status: Exclude<PeerStatus, "linked">; readonly why: string };

function sort(read: StackRead): Found {
  if ("missing" in read) return { status: "absent", why: "its stack is not there yet" };
  if ("error" in read) return { status: "unreadable", why: read.error };
  const exported = read.outputs["exports"];
  if (exported === undefined) return { status: "absent", why: "its stack has no outputs yet" };
  const version = getAt(exported, "version");
  if (version !== outputsVersion) {
    return {
      status: "other version",
      why: `its outputs have version ${String(version)}, this program reads ${outputsVersion}`,
    };
  }
  const values = exportsSchema.safeParse(exported);
  const secrets = exportSecretsSchema.safeParse(read.outputs["exportSecrets"] ?? {});
  if (!values.success || !secrets.success)
    return { status: "unreadable", why: "its outputs have another shape than its version says" };
  return { status: "linked", values: values.data, secrets: secrets.data };
}

/** The last good values in this stack's own outputs. Where they cannot be read, going on would delete what rests on them. */
function keptIn(own: StackRead | undefined): {
  values: z.output<typeof keptPeersSchema>;
  secrets: z.output<typeof keptSecretsSchema>;
} {
  if (own === undefined || "missing" in own) return { values: {}, secrets: {} };
  if ("error" in own) throw new UserError(`This stack's own outputs cannot be read: ${own.error}`);
  const values = keptPeersSchema.safeParse(own.outputs["peers"] ?? {});
  const secrets = keptSecretsSchema.safeParse(own.outputs["peerSecrets"] ?? {});
  if (values.success && secrets.success) return { values: values.data, secrets: secrets.data };
  throw new UserError(
    "What this stack kept of the other sites has an older shape. Bring the other sites up with this version first.",
  );
}

/** A value of a peer by its dotted path; secret where the peer said so, `undefined` where it has none. */
export function peerValue(peer: Peer | undefined, path: string): pulumi.Input<unknown> {
  if (peer?.values === undefined) return undefined;
  const hidden = peer.secrets[path];
  return hidden === undefined ? getAt(peer.values, path) : pulumi.secret(hidden);
}
