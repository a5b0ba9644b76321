import type { Exception } from "./laws/law.ts";

/** Breaches that stand, each with its reason. */
export const exceptions: readonly Exception[] = [
  {
    law: "pods-as-stated",
    release: "longhorn",
    at: "DaemonSet longhorn-manager: limits",
    why: "the chart has no key for the second container, which only keeps an image on the node; the manager itself has its limit",
  },
  {
    law: "pods-as-stated",
    release: "longhorn",
    at: "Deployment longhorn-ui: affinity",
    why: "Helm merges maps, so an empty one does not take the chart's preference away; with one member it keeps nothing apart",
  },
  {
    law: "pods-as-stated",
    release: "monitoring",
    at: "DaemonSet monitoring-node-exporter: affinity",
    why: "Helm merges maps, so an empty one does not take the chart's away; it names nodes of clouds that no homelab has",
  },
  {
    law: "pod-security",
    release: "vault",
    at: "Pod vault-server-test",
    why: "it is made by `helm test` alone, which nobody calls here, and the chart has no value to leave it out",
  },
];
