import type { ChartPin } from "@isthmus/core";

/** Charts of this concern, exactly. Renovate reads the comment above an entry. `kubeVersion` is that of the chart's Chart.yaml at that version. */
export const charts = {
  // renovate: datasource=helm depName=cloudnative-pg registryUrl=https://cloudnative-pg.github.io/charts
  cloudnativePg: {
    name: "cloudnative-pg",
    version: "0.29.0",
    kubeVersion: ">=1.29.0-0",
    repository: "https://cloudnative-pg.github.io/charts",
  },
  // renovate: datasource=helm depName=plugin-barman-cloud registryUrl=https://cloudnative-pg.github.io/charts
  barmanCloud: {
    name: "plugin-barman-cloud",
    version: "0.7.0",
    kubeVersion: ">=1.29.0-0",
    repository: "https://cloudnative-pg.github.io/charts",
  },
  // renovate: datasource=helm depName=minio registryUrl=https://charts.min.io/
  minio: { name: "minio", version: "5.4.0", repository: "https://charts.min.io/" },
} as const satisfies Readonly<Record<string, ChartPin>>;

/** Images that objects of ours run; those of charts are the chart's. Each exists for amd64 and arm64. */
export const images = {
  // renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql
  postgresql: "ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
} as const;
