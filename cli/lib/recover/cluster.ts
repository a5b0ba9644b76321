import { revealedThroughout, getAt, UserError } from "@isthmus/core";
import { z } from "zod";
import { ClusterApi } from "../destroy/cluster-api.ts";
import { parseCheckpoint, pendingOf, resourcesOf, type Checkpoint, type StateResource } from "../pulumi/checkpoint.ts";
import { pulumi } from "../pulumi/cli.ts";
import type { StackAt } from "../pulumi/stacks.ts";
import { managedFields, withoutDead, type Declared, type ManagedFields } from "./field-managers.ts";
import { importId, release } from "./pending.ts";
import { releaseId, revisionPath, revisionsIn, revisionsPath, unfinished, type ReleaseRevision } from "./releases.ts";

/** An object of which a dead run still holds fields. */
export interface HeldObject {
  readonly path: string;
  /** `Secret monitoring/login` */
  readonly name: string;
  readonly resourceVersion: string;
  readonly entries: readonly ManagedFields[];
  readonly dead: readonly string[];
}

/** What killed runs left in the cluster. */
export interface LeftInCluster {
  readonly unfinished: readonly ReleaseRevision[];
  readonly held: readonly HeldObject[];
}

export type LookedAt =
  | { readonly api: ClusterApi; readonly left: LeftInCluster }
  /** Absent: the state knows no cluster yet. */
  | { readonly unknown: string | undefined };

/** Asks the stack's cluster, with the kubeconfig that its provider has in the state: outputs may be older. */
export async function lookAtCluster({ config, site }: StackAt): Promise<LookedAt> {
  try {
    const state = parseCheckpoint(await pulumi(config, ["stack", "export", "--show-secrets", "--stack", site]), site);
    const kubeconfig = kubeconfigIn(state);
    if (kubeconfig === undefined) return { unknown: undefined };
    return await lookAt(new ClusterApi(kubeconfig), state);
  } catch (error) {
    if (error instanceof UserError) return { unknown: error.message };
    throw error;
  }
}

export async function lookAt(api: ClusterApi, state: Checkpoint): Promise<LookedAt> {
  try {
    const [pending, held] = await Promise.all([unfinishedIn(api, state), heldIn(api, state)]);
    return { api, left: { unfinished: pending, held } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { unknown: `the cluster at ${api.server} does not answer (${why})` };
  }
}

function kubeconfigIn(state: Checkpoint): string | undefined {
  const providers = resourcesOf(state).filter(({ type }) => type === "pulumi:providers:kubernetes");
  const [kubeconfig] = providers.flatMap(({ inputs = {} }) => revealedThroughout(inputs["kubeconfig"]) ?? []);
  return typeof kubeconfig === "string" && kubeconfig.includes("clusters:") ? kubeconfig : undefined;
}

/** What the state has, and what a killed run may have made. */
const knownIn = (state: Checkpoint): readonly StateResource[] => [
  ...resourcesOf(state),
  ...pendingOf(state).map(({ resource }) => resource),
];

/** A release that this stack does not know is somebody else's. */
async function unfinishedIn(api: ClusterApi, state: Checkpoint): Promise<readonly ReleaseRevision[]> {
  const ids = new Set(
    knownIn(state)
      .filter(({ type }) => type === release)
      .map(importId),
  );
  if (ids.size === 0) return [];
  const revisions = revisionsIn((await api.metadata(revisionsPath)) ?? { items: [] });
  return unfinished(revisions.filter((one) => ids.has(releaseId(one))));
}

interface KnownObject extends Declared {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function objectsIn(state: Checkpoint): readonly KnownObject[] {
  return knownIn(state).flatMap((resource) => {
    const manifest = revealedThroughout(resource.inputs ?? {}) as Declared["manifest"];
    const [apiVersion, kind, name] = ["apiVersion", "kind", "metadata.name"].map((path) => getAt(manifest, path));
    if (!resource.type.startsWith("kubernetes:") || resource.delete === true) return [];
    if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") return [];
    const [namespace, manager] = [getAt(manifest, "metadata.namespace"), resource.outputs?.["__fieldManager"]];
    const placed = { apiVersion, kind, name, namespace: typeof namespace === "string" ? namespace : "" };
    return [{ ...placed, manifest, manager: typeof manager === "string" ? manager : undefined }];
  });
}

const kinds = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const objects = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string().default(""),
        resourceVersion: z.string(),
        managedFields: z.array(managedFields).default([]),
      }),
    }),
  ),
});

/** One question for each kind, answered without what the objects hold. */
async function heldIn(api: ClusterApi, state: Checkpoint): Promise<readonly HeldObject[]> {
  const known = objectsIn(state);
  const ofKinds = new Set(known.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  const answers = await Promise.all(
    [...ofKinds].map(async (ofKind) =>
      heldOfKind(
        api,
        known.filter(({ apiVersion, kind }) => `${apiVersion} ${kind}` === ofKind),
      ),
    ),
  );
  return answers.flat();
}

async function heldOfKind(api: ClusterApi, known: readonly KnownObject[]): Promise<readonly HeldObject[]> {
  const [first] = known;
  if (first === undefined) return [];
  const { apiVersion, kind } = first;
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const served = kinds.safeParse(await api.get(base)).data?.resources;
  const plural = served?.find((one) => one.kind === kind && !one.name.includes("/"));
  if (plural === undefined) return [];
  const { items } = objects.parse((await api.metadata(`${base}/${plural.name}`)) ?? { items: [] });
  return items.flatMap(({ metadata }) => {
    const namespaced = plural.namespaced ? `namespaces/${metadata.namespace}/` : "";
    const same = (one: KnownObject): boolean =>
      one.name === metadata.name && (!plural.namespaced || one.namespace === metadata.namespace);
    const declared = known.find(same);
    const after = declared === undefined ? undefined : withoutDead(metadata.managedFields, declared);
    if (after === undefined) return [];
    const name = plural.namespaced ? `${kind} ${metadata.namespace}/${metadata.name}` : `${kind} ${metadata.name}`;
    const path = `${base}/${namespaced}${plural.name}/${metadata.name}`;
    return [{ path, name, resourceVersion: metadata.resourceVersion, ...after }];
  });
}

/** Helm forgets each revision; what belongs to the release stays as it is. */
export async function forgetRevisions(api: ClusterApi, revisions: readonly ReleaseRevision[]): Promise<void> {
  for (const revision of revisions) await api.remove(revisionPath(revision));
}

/** Nothing where somebody wrote the object since it was looked at: the API server refuses, and it is said. */
export async function takeFieldsOver(api: ClusterApi, held: readonly HeldObject[]): Promise<void> {
  for (const { path, resourceVersion, entries } of held) {
    await api.patch(path, [
      { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "replace", path: "/metadata/managedFields", value: entries },
    ]);
  }
}

/** One line a person understands. */
export const describeHeld = ({ name, dead }: HeldObject): string =>
  `${name} has fields that ${dead.join(" and ")} wrote, in a run that died: they are handed to the runs to come`;

/** The releases in the state that are to be read anew: the state took what was half made for what is there. */
export function releasesToRead(state: Checkpoint, revisions: readonly ReleaseRevision[]): readonly string[] {
  const ids = new Set(revisions.map(releaseId));
  return resourcesOf(state)
    .filter(({ type, delete: goes }) => type === release && goes !== true)
    .filter((one) => ids.has(one.id ?? "") || String(getAt(one, "outputs.status.status")).startsWith("pending-"))
    .map(({ urn }) => urn);
}
