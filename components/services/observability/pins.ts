import type { ChartPin } from "@isthmus/core";

/** Charts of this concern, exactly. Renovate reads the comment above an entry. `kubeVersion` is that of the chart's Chart.yaml at that version. */
export const charts = {
  // renovate: datasource=docker depName=ghcr.io/prometheus-community/charts/prometheus-operator-crds
  prometheusOperatorCrds: {
    name: "prometheus-operator-crds",
    version: "31.0.1",
    kubeVersion: ">=1.16.0-0",
    repository: "oci://ghcr.io/prometheus-community/charts/prometheus-operator-crds",
  },
  // renovate: datasource=docker depName=ghcr.io/prometheus-community/charts/kube-prometheus-stack
  kubePrometheusStack: {
    name: "kube-prometheus-stack",
    version: "88.5.3",
    kubeVersion: ">=1.25.0-0",
    repository: "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack",
  },
} as const satisfies Readonly<Record<string, ChartPin>>;

/** Images that objects of ours run; those of charts are the chart's. Each exists for amd64 and arm64. */
export const images = {
  // renovate: datasource=docker depName=docker.io/nginxinc/nginx-unprivileged
  nginx: "docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine",
} as const;
