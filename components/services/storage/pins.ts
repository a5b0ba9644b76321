import type { ChartPin } from "@isthmus/core";

/** Charts of this concern, exactly. Renovate reads the comment above an entry. `kubeVersion` is that of the chart's Chart.yaml at that version. */
export const charts = {
  // renovate: datasource=helm depName=longhorn registryUrl=https://charts.longhorn.io
  longhorn: {
    name: "longhorn",
    version: "1.12.1",
    kubeVersion: ">=1.25.0-0",
    repository: "https://charts.longhorn.io",
  },
} as const satisfies Readonly<Record<string, ChartPin>>;
