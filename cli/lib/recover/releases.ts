import { z } from "zod";

/** One revision of a Helm release, as the labels of its Secret tell it. */
export interface ReleaseRevision {
  readonly namespace: string;
  readonly release: string;
  readonly revision: number;
  readonly status: string;
}

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        namespace: z.string(),
        labels: z.object({ name: z.string(), status: z.string(), version: z.coerce.number() }),
      }),
    }),
  ),
});

/**
 * Helm keeps each revision as a Secret, whose labels are name, status and version.
 * Source: helm.sh/helm/v3 3.20.2, pkg/storage/driver/secrets.go (`newSecretsObject`).
 */
export const revisionsPath = "/api/v1/secrets?labelSelector=owner%3Dhelm";

export function revisionsIn(answer: unknown): readonly ReleaseRevision[] {
  return list.parse(answer).items.map(({ metadata: { namespace, labels } }) => {
    return { namespace, release: labels.name, revision: labels.version, status: labels.status };
  });
}

/** Where the Secret of a revision is. Source: pkg/storage/storage.go (`makeKey`). */
export const revisionPath = ({ namespace, release, revision }: ReleaseRevision): string =>
  `/api/v1/namespaces/${namespace}/secrets/sh.helm.release.v1.${release}.v${String(revision)}`;

/** The identifier under which pulumi-kubernetes knows the release. */
export const releaseId = ({ namespace, release }: Pick<ReleaseRevision, "namespace" | "release">): string =>
  `${namespace}/${release}`;

/**
 * The revisions that a killed run left, by release. While the newest revision is one of these, Helm refuses everything:
 * an install because of the name (`availableName` in pkg/action/install.go), an upgrade with "another operation
 * (install/upgrade/rollback) is in progress" (`prepareUpgrade` in pkg/action/upgrade.go). Without that one revision
 *
 * - an install begins anew, with its hooks, and takes over what carries the release's name (`existingResourceConflict`);
 * - an upgrade begins from the revision before, be it deployed, failed or superseded (`prepareUpgrade`).
 *
 * So nothing is ever uninstalled: what the release made, and the data in it, stays where it is.
 */
export function unfinished(revisions: readonly ReleaseRevision[]): readonly ReleaseRevision[] {
  const releases = new Set(revisions.map(releaseId));
  return [...releases].flatMap((id) => newestPending(revisions.filter((one) => releaseId(one) === id)));
}

/** Source of the three: pkg/release/status.go (`IsPending`). */
const pending: ReadonlySet<string> = new Set(["pending-install", "pending-upgrade", "pending-rollback"]);

function newestPending(revisions: readonly ReleaseRevision[]): readonly ReleaseRevision[] {
  const newestFirst = revisions.toSorted((one, other) => other.revision - one.revision);
  const finished = newestFirst.findIndex(({ status }) => !pending.has(status));
  return finished === -1 ? newestFirst : newestFirst.slice(0, finished);
}

/** One line a person understands. */
export function describeUnfinished(one: ReleaseRevision): string {
  const what = `Helm left ${releaseId(one)} in "${one.status}"`;
  const then =
    one.status === "pending-install"
      ? "the next `up` installs it, over what is there already"
      : "the next `up` does the change again";
  return `${what}: revision ${String(one.revision)} is forgotten, nothing of it is deleted, and ${then}`;
}
