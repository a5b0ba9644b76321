import { X509Certificate } from "node:crypto";
import { z } from "zod";

/** In which reading of it a kubeconfig was had, and when its client certificate ends: ISO 8601; empty where that is not known. */
export const kubeconfigRead = z.object({ asked: z.int(), ends: z.string() });
export type KubeconfigRead = z.output<typeof kubeconfigRead>;

/**
 * From so many days before its end a stack's kubeconfig is read anew by each run, until k3s' own, of which it is a copy, is a new one.
 * k3s renews that at a start in its last 120 days (`CertificateRenewDays` in pkg/daemons/config/types.go of k3s-io/k3s; 90
 * before May 2025: https://github.com/k3s-io/k3s/issues/12171), so a cluster that was started then has one to read.
 */
export const readAnewWithinDays = 30;
/** From here on a preview tells. */
const toldWithinDays = 120;

const dayMilliseconds = 86_400_000;

/** When the client certificate in a kubeconfig of k3s ends, as ISO 8601; empty where it has none that can be read. */
export function kubeconfigEnd(kubeconfig: string): string {
  const [, encoded = ""] = /^ *client-certificate-data: *"?([A-Za-z0-9+/=]+)"? *$/m.exec(kubeconfig) ?? [];
  try {
    // The authority's stands after it, and lasts longer.
    return new Date(new X509Certificate(Buffer.from(encoded, "base64")).validTo).toISOString();
  } catch {
    return "";
  }
}

/** Whole days until a kubeconfig ends; below 0 where it has. Undefined where its end is not known. */
export function daysLeft({ ends }: Pick<KubeconfigRead, "ends">, now: number): number | undefined {
  const end = Date.parse(ends);
  return Number.isNaN(end) ? undefined : Math.floor((end - now) / dayMilliseconds);
}

/** Which reading this run is at: the one of before, which changes nothing, or one more where what was read then ends soon. */
export function readingOf(last: KubeconfigRead | undefined, now: number): number {
  if (last === undefined) return 1;
  return (daysLeft(last, now) ?? Infinity) > readAnewWithinDays ? last.asked : last.asked + 1;
}

/** What a run says of the kubeconfig that the one before it read; undefined as long as it is good for. */
export function kubeconfigNotice(cluster: string, last: KubeconfigRead | undefined, now: number): string | undefined {
  const days = last === undefined ? undefined : daysLeft(last, now);
  if (days === undefined || days > toldWithinDays) return undefined;
  const what = `the kubeconfig of ${cluster} ${endsIn(days)}`;
  if (days <= readAnewWithinDays) return `${what}: this run reads k3s' own anew`;
  return `${what}: \`up\` reads k3s' own anew in its last ${readAnewWithinDays}, and k3s renews that at any start by then`;
}

/** What is to be done where k3s had none that is newer. */
export function stillEnds(cluster: string, read: KubeconfigRead, now: number): string | undefined {
  const days = daysLeft(read, now);
  if (days === undefined || days > readAnewWithinDays) return undefined;
  return (
    `the kubeconfig of ${cluster} ${endsIn(days)}, and so does k3s' own: npm run rotate-certificates -- ${cluster} renews that, ` +
    "and the next `pulumi up` reads it"
  );
}

export const endsIn = (days: number): string =>
  days < 0 ? `ended ${String(-days)} days ago` : `ends in ${String(days)} days`;
