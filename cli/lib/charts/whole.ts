import type { KubernetesObject } from "./kubernetes.ts";

/**
 * Kinds of objects that are kept as they are rendered, by chart: tests start the real programs from their commands, environment
 * and configuration (tests/services).
 */
const kinds: Readonly<Record<string, readonly string[]>> = {
  minio: ["StatefulSet", "ConfigMap", "Job"],
  vault: ["StatefulSet", "ConfigMap"],
  // The Secret is Alertmanager's configuration; what is secret in it is a file's path.
  "kube-prometheus-stack": ["Prometheus", "Alertmanager", "Secret"],
};

/** What of a chart's objects is kept whole. */
export function wholeObjects(chart: string, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const wanted = new Map(Object.entries(kinds)).get(chart) ?? [];
  return objects.filter(({ kind }) => wanted.includes(kind));
}
