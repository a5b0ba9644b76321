import type { ChartPin } from "@isthmus/core";

/** Charts of this concern, exactly. Renovate reads the comment above an entry. `kubeVersion` is that of the chart's Chart.yaml at that version. */
export const charts = {
  // renovate: datasource=helm depName=metallb registryUrl=https://metallb.github.io/metallb
  metallb: {
    name: "metallb",
    version: "0.16.1",
    kubeVersion: ">= 1.19.0-0",
    repository: "https://metallb.github.io/metallb",
  },
  // renovate: datasource=docker depName=quay.io/jetstack/charts/cert-manager
  certManager: {
    name: "cert-manager",
    version: "v1.21.1",
    kubeVersion: ">= 1.22.0-0",
    repository: "oci://quay.io/jetstack/charts/cert-manager",
  },
  // renovate: datasource=docker depName=ghcr.io/traefik/helm/traefik
  traefik: {
    name: "traefik",
    version: "41.3.0",
    kubeVersion: ">=1.25.0-0",
    repository: "oci://ghcr.io/traefik/helm/traefik",
  },
} as const satisfies Readonly<Record<string, ChartPin>>;
