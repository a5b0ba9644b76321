/** What a Kubernetes object, a node or a site may be called (RFC 1123 label). */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A host name: labels of at most 63 characters, joined by dots (RFC 1035, 2.3.4). */
export const dnsName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** What most Kubernetes objects may be called (RFC 1123 subdomain): their parts may be longer than those of a host name. */
export const objectName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** `of` without repetitions, in the order in which they came. */
export function unique<T>(of: Iterable<T>): T[] {
  return [...new Set(of)];
}

/** The one value that `record` has for `key`, or an error that names what there is: for lookups that cannot miss. */
export function lookUp<T>(record: Readonly<Record<string, T>>, key: string, what: string): T {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  if (value === undefined) throw new Error(`no ${what} ${key}; there are: ${Object.keys(record).join(", ") || "none"}`);
  return value;
}
