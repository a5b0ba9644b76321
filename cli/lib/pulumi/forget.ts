import { resourcesOf, type Checkpoint, type StateResource } from "./checkpoint.ts";

/**
 * A state without some resources, and without what the others say of them: nothing of theirs is asked or deleted. An engine
 * takes no state in which a resource depends on one that is not there.
 */
export function withoutResources(state: Checkpoint, gone: (resource: StateResource) => boolean): Checkpoint {
  const urns = new Set(
    resourcesOf(state)
      .filter(gone)
      .map(({ urn }) => urn),
  );
  const pending = state.deployment.pending_operations?.filter(({ resource }) => !urns.has(resource.urn));
  const resources = resourcesOf(state)
    .filter(({ urn }) => !urns.has(urn))
    .map((resource) => withoutMentions(resource, urns));
  const deployment = {
    ...state.deployment,
    resources,
    ...(pending === undefined ? {} : { pending_operations: pending }),
  };
  return { ...state, deployment };
}

/** All the lists of URNs that a resource has in a state. */
const lists = ["dependencies", "replaceWith"] as const;

function withoutMentions(resource: StateResource, gone: ReadonlySet<string>): StateResource {
  const isGone = (urn: unknown): boolean => typeof urn === "string" && gone.has(urn);
  const kept = (urns: unknown): unknown[] => (Array.isArray(urns) ? urns.filter((urn) => !isGone(urn)) : []);
  const { propertyDependencies: byProperty } = resource;
  const changes: Record<string, unknown> = Object.fromEntries(
    lists.filter((key) => resource[key] !== undefined).map((key) => [key, kept(resource[key])]),
  );
  if (typeof byProperty === "object" && byProperty !== null) {
    const entries = Object.entries(byProperty).map(([property, urns]): [string, unknown] => [property, kept(urns)]);
    changes["propertyDependencies"] = Object.fromEntries(entries);
  }
  if (isGone(resource["deletedWith"])) changes["deletedWith"] = "";
  return { ...resource, ...changes };
}
