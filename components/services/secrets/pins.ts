import type { ChartPin } from "@isthmus/core";

/** Charts of this concern, exactly. Renovate reads the comment above an entry. `kubeVersion` is that of the chart's Chart.yaml at that version. */
export const charts = {
  // renovate: datasource=helm depName=vault registryUrl=https://helm.releases.hashicorp.com
  vault: {
    name: "vault",
    version: "0.34.1",
    kubeVersion: ">= 1.20.0-0",
    repository: "https://helm.releases.hashicorp.com",
  },
} as const satisfies Readonly<Record<string, ChartPin>>;

/** Images that objects of ours run; those of charts are the chart's. Each exists for amd64 and arm64. */
export const images = {
  // renovate: datasource=docker depName=docker.io/hashicorp/vault
  vault: "docker.io/hashicorp/vault:2.0.4",
} as const;
