/** Images that k3s nodes run before there is a chart; Renovate reads the comment above an entry. */
export const images = {
  // renovate: datasource=docker depName=ghcr.io/kube-vip/kube-vip
  kubeVip: "ghcr.io/kube-vip/kube-vip:v1.0.4",
} as const;
