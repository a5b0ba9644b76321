/**
 * The fingerprint of the cluster's certificate authority, as the long form of a token begins with it: `K10…`, on a line of
 * its own among what a script printed; empty where there is none. All else that a script prints stays secret.
 */
export function fingerprintIn(printed: string): string {
  return /^K10[0-9a-f]+$/m.exec(printed)?.[0] ?? "";
}
