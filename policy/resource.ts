import { revealed } from "@isthmus/core";

export type Props = Readonly<Record<string, unknown>>;

/**
 * A resource as rules see it, whatever it came from: the in-process preview, the engine or a state file. `props` are
 * its inputs as the program gave them: plain JSON, with Pulumi's own marks for what is unknown or secret.
 */
export interface PolicyResource {
  /** Type token: `kubernetes:apps/v1:Deployment`, `isthmus:core:Site`. */
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** URN of its parent. */
  readonly parent?: string | undefined;
  readonly props: Props;
}

export const siteType = "isthmus:core:Site";
export const serviceType = "isthmus:core:Service";
export const releaseType = "kubernetes:helm.sh/v3:Release";

export function isRecord(value: unknown): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The record at a path below `value`, or an empty one. */
export function recordAt(value: unknown, ...keys: readonly string[]): Props {
  const found = valueAt(value, ...keys);
  return isRecord(found) ? found : {};
}

/** The list at a path below `value`, or an empty one. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** The text at a path below `value`, or `undefined`. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = valueAt(value, ...keys);
  return typeof found === "string" ? found : undefined;
}

function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  let found = revealed(value);
  for (const key of keys) found = isRecord(found) ? revealed(found[key]) : undefined;
  return found;
}

/** The Kubernetes kind of a resource that is an object of a cluster, or `undefined`. */
export function kubernetesKind(resource: PolicyResource): string | undefined {
  if (!resource.type.startsWith("kubernetes:") || resource.type.startsWith("kubernetes:helm.sh/")) return undefined;
  return textAt(resource.props, "kind") ?? resource.type.slice(resource.type.lastIndexOf(":") + 1);
}

/** A resource as a message names it: `Release traefik`, `Deployment web/shop`. */
export function subject(resource: PolicyResource): string {
  const { type, props } = resource;
  if (type === releaseType) return `Release ${textAt(props, "name") ?? resource.name}`;
  const kind = kubernetesKind(resource);
  if (kind === undefined) return resource.name;
  const namespace = textAt(props, "metadata", "namespace");
  const name = textAt(props, "metadata", "name") ?? resource.name;
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}
