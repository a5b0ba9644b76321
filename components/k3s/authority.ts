import { UserError } from "@isthmus/core";

/**
 * The fingerprint of the cluster's certificate authority, as the long form of a token begins with it: `K10…`. In what
 * `kubeconfig.sh` prints it stands first, as a comment.
 * @throws {UserError} where it does not: nobody would join without it.
 */
export function authorityOf(kubeconfig: string): string {
  const [, fingerprint] = /^# (K10[0-9a-f]+)$/m.exec(kubeconfig) ?? [];
  if (fingerprint !== undefined) return fingerprint;
  throw new UserError(
    "the kubeconfig that was read names no certificate authority: see that k3s on the servers is well",
  );
}
