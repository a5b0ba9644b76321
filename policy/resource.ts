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

/**
 * Pulumi's marks on the wire.
 * @see https://pulumi-developer-docs.readthedocs.io/latest/docs/references/properties.html
 */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/** The mark of an unknown value of a type that the program did not say. */
export const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknownMarks: ReadonlySet<unknown> = new Set([
  unknownMark,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether a value is one that only the deployment will know. */
export function isUnknown(value: unknown): boolean {
  return unknownMarks.has(value);
}

/** Whether a value carries Pulumi's mark of a secret. */
export function isSecret(value: unknown): value is Props {
  return isRecord(value) && value[signatureKey] === secretSignature;
}

/** The value under a secret's mark, also as `pulumi stack export --show-secrets` has it; an encrypted one is unknown. */
export function revealed(value: unknown): unknown {
  if (!isSecret(value)) return value;
  if ("value" in value) return revealed(value["value"]);
  return typeof value["plaintext"] === "string" ? fromJson(value["plaintext"]) : unknownMark;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A value under the mark of a secret: what `pulumi.secret` comes to. */
export function markSecret(value: unknown): Props {
  return { [signatureKey]: secretSignature, value };
}

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
