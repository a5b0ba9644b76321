import type { KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";

const tolerations = [
  { key: "CriticalAddonsOnly", operator: "Exists" },
  { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
];

/** Pods that k3s brings, as much of them as the scheduler sees: https://github.com/k3s-io/k3s/tree/v1.34.3%2Bk3s1/manifests (coredns.yaml, metrics-server/) */
export const k3sPods: readonly KubernetesObject[] = ["coredns", "metrics-server"].map((name) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "kube-system" },
  spec: {
    selector: { matchLabels: { "k8s-app": name } },
    template: {
      metadata: { labels: { "k8s-app": name } },
      spec: {
        tolerations,
        containers: [{ name, image: "nobody-pulls-it", resources: { requests: { cpu: "100m", memory: "70Mi" } } }],
      },
    },
  },
}));
