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

const soonDays = 120;

/** The report in words, with what to do. */
export function describeKubeconfig(site: string, { days, refusal }: KubeconfigReport): string {
  const works = refusal === undefined ? "works" : `was not answered (${refusal})`;
  const said = `The kubeconfig that the stack keeps ${works}; its own certificate ends in ${String(days)} days.`;
  if (days > soonDays && refusal === undefined) return said;
  return `${said}\nRead a new one: pulumi up --stack ${site} --replace '**::${site}-k3s-kubeconfig'`;
}
