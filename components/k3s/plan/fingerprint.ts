import { createHash } from "node:crypto";

/**
 * What tells server tokens apart without telling them: k3s' own hash of a token, by which it names the key in etcd that
 * holds what the token encrypts (`/bootstrap/<hash>`). So it is in every snapshot. Tokens are 48 random characters: their
 * hash helps nobody to guess them. https://github.com/k3s-io/k3s/blob/master/pkg/util/token.go
 */
export function tokenFingerprint(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 12);
}

/** Name of the resource that makes a token. The first generation's have none of its own in their name. */
export function tokenName(cluster: string, kind: "server" | "agent", generation: number): string {
  return `${cluster}-${kind}-token${generation === 1 ? "" : `-${String(generation)}`}`;
}

/** Which generation a resource makes the server token of, by its name; undefined for any other resource. */
export function serverTokenGeneration(name: string): number | undefined {
  const [, generation] = /-server-token(?:-(\d+))?$/.exec(name) ?? [undefined, undefined];
  return /-server-token(-\d+)?$/.test(name) ? Number(generation ?? 1) : undefined;
}
