import type { State, StateResource } from "../../kits/engine/harness.ts";

/**
 * How many ways lead from the resources of a state through what they depend on. The engine goes every one of them when it
 * refuses to delete what is protected, a few million in a second: two that wait for the same things double them.
 */
export function waysThrough({ resources }: State): number {
  const known = new Map(resources.map((resource) => [resource.urn, resource]));
  const counted = new Map<string, number>();
  const waysFrom = (resource: StateResource): number => {
    const before = counted.get(resource.urn);
    if (before !== undefined) return before;
    const next = [...dependsOn(resource)].flatMap((urn) => known.get(urn) ?? []);
    const ways = next.reduce((sum, one) => sum + waysFrom(one), 1);
    counted.set(resource.urn, ways);
    return ways;
  };
  return resources.reduce((sum, resource) => sum + waysFrom(resource), 0);
}

function dependsOn({ parent, provider, dependencies, propertyDependencies }: StateResource): ReadonlySet<string> {
  const ofProperties = Object.values(propertyDependencies ?? {}).flatMap((urns) => urns ?? []);
  const ofProvider = provider === undefined ? [] : [provider.slice(0, provider.lastIndexOf("::"))];
  return new Set([...(parent === undefined ? [] : [parent]), ...ofProvider, ...(dependencies ?? []), ...ofProperties]);
}
