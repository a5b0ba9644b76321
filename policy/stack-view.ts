import { isUnknown, type SourcePath } from "@isthmus/core";
import { kubernetesKind, textAt, type PolicyResource } from "./resource.ts";

/** All resources of a stack, for rules that look beyond one of them. */
export interface StackView {
  readonly find: (urn: string) => PolicyResource | undefined;
  readonly ofType: (type: string) => readonly PolicyResource[];
  /** Kubernetes objects of a kind. */
  readonly ofKind: (kind: string) => readonly PolicyResource[];
  /** What `compute` finds in this stack, computed once: for facts that many resources are checked against. */
  readonly once: <T>(compute: (stack: StackView) => T) => T;
}

/** A view of resources by URN. It is read when asked, so the map may still grow before the first question by type or kind. */
export function viewOf(byUrn: ReadonlyMap<string, PolicyResource>): StackView {
  const computed = new Map<unknown, unknown>();
  const once = <T>(key: unknown, compute: () => T): T => {
    if (!computed.has(key)) computed.set(key, compute());
    return computed.get(key) as T;
  };
  const byType = () => once("types", () => groupBy(byUrn.values(), (resource) => resource.type));
  const byKind = () => once("kinds", () => groupBy(byUrn.values(), kubernetesKind));
  const view: StackView = {
    find: (urn) => byUrn.get(urn),
    ofType: (type) => byType().get(type) ?? [],
    ofKind: (kind) => byKind().get(kind) ?? [],
    once: (compute) => once(compute, () => compute(view)),
  };
  return view;
}

function groupBy<K>(
  resources: Iterable<PolicyResource>,
  key: (resource: PolicyResource) => K,
): ReadonlyMap<K, readonly PolicyResource[]> {
  const groups = new Map<K, PolicyResource[]>();
  for (const resource of resources) {
    const group = groups.get(key(resource));
    if (group === undefined) groups.set(key(resource), [resource]);
    else group.push(resource);
  }
  return groups;
}

/** Where in the stack files a resource comes from: its own word for it, or that of the nearest parent that has one. */
export function sourceOf(resource: PolicyResource, stack: Pick<StackView, "find">): SourcePath | undefined {
  const seen = new Set<string>();
  for (let at: PolicyResource | undefined = resource; at !== undefined && !seen.has(at.urn);) {
    seen.add(at.urn);
    const from = sourcePath(textAt(at.props, "from"));
    if (from !== undefined) return from;
    at = at.parent === undefined ? undefined : stack.find(at.parent);
  }
  return undefined;
}

/** `text` as a place in the stack files, if it is one. */
export function sourcePath(text: string | undefined): SourcePath | undefined {
  return text?.includes("#") === true && !isUnknown(text) ? (text as SourcePath) : undefined;
}
