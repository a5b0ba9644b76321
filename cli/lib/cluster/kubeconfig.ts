import { daysLeft, endsIn, kubeconfigEnd, readAnewWithinDays } from "@isthmus/k3s";
import { ClusterApi } from "../destroy/cluster-api.ts";

/** What became of the administrator's kubeconfig that the stack keeps. */
export interface KubeconfigReport {
  /** Days until its client certificate ends. */
  readonly days: number;
  /** Why the cluster did not answer to it; undefined where it did. */
  readonly refusal: string | undefined;
}

/** Asks the cluster with the stack's kubeconfig: its authority stays when certificates are renewed. */
export async function tryKubeconfig(kubeconfig: string): Promise<KubeconfigReport> {
  const api = new ClusterApi(kubeconfig);
  const days = Math.floor((api.certificateEnds.getTime() - Date.now()) / 86_400_000);
  try {
    await api.get("/api/v1/namespaces/kube-system");
    return { days, refusal: undefined };
  } catch (error) {
    return { days, refusal: `${api.server}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The report in words, with what to do. */
export function describeKubeconfig(site: string, { days, refusal }: KubeconfigReport): string {
  const works = refusal === undefined ? "works" : `was not answered (${refusal})`;
  const said = `The kubeconfig that the stack keeps ${works}; its own certificate ${endsIn(days)}.`;
  if (days <= readAnewWithinDays) return `${said}\nThe next run reads the new one: pulumi up --stack ${site}`;
  if (refusal === undefined) return `${said} \`pulumi up\` reads a new one in its last ${readAnewWithinDays}.`;
  return `${said}\nRead a new one: pulumi up --stack ${site} --replace '**::${site}-k3s-kubeconfig'`;
}

/** When the kubeconfig among a stack's outputs ends, in words, and what is to be done, if anything is. Undefined where that is not known. */
export function kubeconfigEndText(
  site: string,
  kubeconfig: string,
  now = Date.now(),
): { readonly text: string; readonly soon: boolean } | undefined {
  const days = daysLeft({ ends: kubeconfigEnd(kubeconfig) }, now);
  if (days === undefined) return undefined;
  const text = `the kubeconfig of ${site} ${endsIn(days)}`;
  if (days > readAnewWithinDays) return { text, soon: false };
  const fix = `pulumi up --stack ${site} reads k3s' own; where that ends as soon: npm run rotate-certificates -- ${site}, and then it`;
  return { text: `${text}: ${fix}`, soon: true };
}
