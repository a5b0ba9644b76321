import type { ServiceFacts } from "./facts.ts";
import type { PodFacts } from "./pods.ts";

/** Pods of k3s that charts select: https://github.com/k3s-io/k3s/blob/v1.34.3+k3s1/manifests/coredns.yaml */
export const k3sPods: readonly Pick<PodFacts, "namespace" | "labels" | "containers" | "controller">[] = [
  {
    controller: "Deployment",
    namespace: "kube-system",
    labels: { "k8s-app": "kube-dns" },
    containers: [
      {
        name: "coredns",
        init: false,
        image: "",
        requests: {},
        limits: {},
        ports: [
          { name: "dns", port: 53 },
          { name: "dns-tcp", port: 53 },
          { name: "metrics", port: 9153 },
        ],
      },
    ],
  },
];

/**
 * Services that the API server and the Prometheus operator keep.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/controlplane/controller/kubernetesservice/controller.go,
 * https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/pkg/kubelet/controller.go
 */
export const keptServices: readonly ServiceFacts[] = [
  {
    name: "kubernetes",
    namespace: "default",
    type: "ClusterIP",
    labels: { component: "apiserver", provider: "kubernetes" },
    selector: {},
    ports: [{ name: "https", port: 443, targetPort: "6443" }],
  },
  {
    name: "kubelet",
    namespace: "kube-system",
    type: "ClusterIP",
    labels: { "app.kubernetes.io/name": "kubelet", "k8s-app": "kubelet" },
    selector: {},
    ports: [
      { name: "https-metrics", port: 10250, targetPort: "10250" },
      { name: "http-metrics", port: 10255, targetPort: "10255" },
      { name: "cadvisor", port: 4194, targetPort: "4194" },
    ],
  },
];
