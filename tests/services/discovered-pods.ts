const annotation = (name: string): string => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;

/** As Kubernetes' discovery tells of pods: one target a port of a container. */
export const podsThatKubernetesTellsOf = [
  ...[9187, 5432].map((port) => ({
    targets: [`10.42.1.7:${port}`],
    labels: {
      __meta_kubernetes_pod_ip: "10.42.1.7",
      __meta_kubernetes_pod_phase: "Running",
      __meta_kubernetes_pod_name: "main-1",
      __meta_kubernetes_namespace: "cloudnative-pg",
      [annotation("scrape")]: "true",
      [annotation("port")]: "9187",
    },
  })),
  {
    targets: ["10.42.1.8:80"],
    labels: {
      __meta_kubernetes_pod_ip: "10.42.1.8",
      __meta_kubernetes_pod_phase: "Running",
      __meta_kubernetes_pod_name: "other-1",
      __meta_kubernetes_namespace: "other",
      [annotation("scrape")]: "true",
      [annotation("port")]: "8080",
      [annotation("path")]: "/own",
    },
  },
  {
    targets: ["10.42.1.9:80"],
    labels: {
      __meta_kubernetes_pod_ip: "10.42.1.9",
      __meta_kubernetes_pod_phase: "Running",
      __meta_kubernetes_pod_name: "silent",
    },
  },
  {
    targets: ["10.42.1.10:80"],
    labels: {
      __meta_kubernetes_pod_ip: "10.42.1.10",
      __meta_kubernetes_pod_phase: "Succeeded",
      __meta_kubernetes_pod_name: "done",
      [annotation("scrape")]: "true",
    },
  },
];
