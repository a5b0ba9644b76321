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

/** Pods that an operator makes by itself, which no object shows: what is stated of them stands on its source alone. */
export interface UnseenPods {
  readonly chart: string;
  /** Of the footprint. */
  readonly workloads: readonly string[];
  /** What a release of the chart is told to start: images whose names begin so. */
  readonly images: readonly string[];
  readonly why: string;
  readonly source: string;
}

export const unseenPods: readonly UnseenPods[] = [
  {
    chart: "longhorn",
    workloads: ["instance-manager"],
    images: ["docker.io/longhornio/longhorn-instance-manager"],
    why: "one a node; its CPU is a share of what the node has, which the setting guaranteed-instance-manager-cpu says, and its memory is the LimitRange's",
    source:
      "https://github.com/longhorn/longhorn-manager/blob/v1.12.1/controller/instance_manager_controller.go (createInstanceManagerPodSpec)",
  },
  {
    chart: "longhorn",
    workloads: ["engine-image"],
    images: ["docker.io/longhornio/longhorn-engine"],
    why: "a DaemonSet for each engine image, without resources of its own: the LimitRange gives them",
    source:
      "https://github.com/longhorn/longhorn-manager/blob/v1.12.1/controller/engine_image_controller.go (createEngineImageDaemonSetSpec)",
  },
  {
    chart: "longhorn",
    workloads: ["csi-plugin", "csi-attacher", "csi-provisioner", "csi-resizer", "csi-snapshotter"],
    images: [
      "docker.io/longhornio/csi-attacher",
      "docker.io/longhornio/csi-provisioner",
      "docker.io/longhornio/csi-resizer",
      "docker.io/longhornio/csi-snapshotter",
      "docker.io/longhornio/csi-node-driver-registrar",
      "docker.io/longhornio/livenessprobe",
    ],
    why: "the driver deployer makes them; what they ask for is the setting system-managed-csi-components-resource-limits",
    source: "https://github.com/longhorn/longhorn-manager/blob/v1.12.1/csi/deployment.go (NewPluginDeployment)",
  },
];
