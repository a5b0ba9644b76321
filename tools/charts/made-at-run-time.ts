/** What a program makes itself when it runs: no chart and no object of ours shows it. */
export interface MadeAtRunTime {
  /** The chart whose program makes it, in the namespace of its release. */
  readonly chart: string;
  readonly kind: "Secret" | "ConfigMap";
  /** After the release's name. */
  readonly suffix: string;
  readonly keys: readonly string[];
  /** Where its source says so. */
  readonly source: string;
}

export const madeAtRunTime: readonly MadeAtRunTime[] = [
  {
    chart: "metallb",
    kind: "Secret",
    suffix: "-memberlist",
    keys: ["secretkey"],
    source: "https://github.com/metallb/metallb/blob/v0.16.1/internal/k8s/k8s.go (CreateMlSecret, MLSecretKeyName)",
  },
  {
    chart: "kube-prometheus-stack",
    kind: "Secret",
    suffix: "-admission",
    keys: ["ca", "cert", "key"],
    source:
      "https://github.com/jkroepke/kube-webhook-certgen: its Job `create` writes --secret-name, before the operator",
  },
];

/** Labels that a program puts on pods while they run. */
export interface LabelsAtRunTime {
  readonly chart: string;
  /** Of the pods that get them. */
  readonly on: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly source: string;
}

export const labelsAtRunTime: readonly LabelsAtRunTime[] = [
  {
    chart: "longhorn",
    on: { app: "longhorn-manager" },
    labels: {
      "longhorn.io/admission-webhook": ["longhorn-admission-webhook"],
      "longhorn.io/recovery-backend": ["longhorn-recovery-backend"],
    },
    source: "https://github.com/longhorn/longhorn-manager/blob/v1.12.1/app/daemon.go (AddLabelToManagerPod)",
  },
  {
    chart: "vault",
    on: { "app.kubernetes.io/name": "vault", component: "server" },
    labels: { "vault-active": ["true", "false"] },
    source: "https://developer.hashicorp.com/vault/docs/configuration/service-registration/kubernetes",
  },
];
