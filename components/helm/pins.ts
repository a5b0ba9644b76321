import type { ChartPin, StatedDigest } from "@isthmus/core";

/**
 * Every chart, exactly. Renovate reads the comment above an entry (see `renovate.json`); a test proves that each entry
 * has one and that it says the same. `kubeVersion` is that of the chart's Chart.yaml at that version; a test holds it to the charts.
 */
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
  // renovate: datasource=helm depName=longhorn registryUrl=https://charts.longhorn.io
  longhorn: {
    name: "longhorn",
    version: "1.12.1",
    kubeVersion: ">=1.25.0-0",
    repository: "https://charts.longhorn.io",
  },
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
  // renovate: datasource=helm depName=vault registryUrl=https://helm.releases.hashicorp.com
  vault: {
    name: "vault",
    version: "0.34.1",
    kubeVersion: ">= 1.20.0-0",
    repository: "https://helm.releases.hashicorp.com",
  },
  // renovate: datasource=helm depName=minio registryUrl=https://charts.min.io/
  minio: { name: "minio", version: "5.4.0", repository: "https://charts.min.io/" },
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
  // renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql
  postgresql: "ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
  // renovate: datasource=docker depName=docker.io/nginxinc/nginx-unprivileged
  nginx: "docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine",
  // renovate: datasource=docker depName=docker.io/hashicorp/vault
  vault: "docker.io/hashicorp/vault:2.0.4",
} as const;

/**
 * Digests of images, by the image as charts and objects name it, such as `quay.io/metallb/speaker:v0.16.1`: what its registry gave when
 * it was asked (`npm run pins -- --resolve`). Whoever runs an image that is here carries its digest behind the tag: a law of
 * `npm run charts` holds it, and also that no other digest is carried.
 */
export const imageDigests: Readonly<Record<string, StatedDigest>> = {};
