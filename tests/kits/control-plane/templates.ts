import type { Json, KubernetesObject } from "../../../cli/lib/charts/kubernetes.ts";
import type { ContainerFacts, PodFacts } from "../../../cli/lib/charts/pods.ts";

/** A controller and its pods again, from what is kept of what a chart or an operator made: as much as decides where they go. */
export function controllerOf(pods: PodFacts): KubernetesObject {
  const { name, namespace, labels, replicas } = pods;
  // An operator makes pods of its own, one by one.
  const kind = pods.controller === "operator" ? "StatefulSet" : pods.controller;
  const template = { metadata: { labels }, spec: podSpec(pods) };
  const selector = { matchLabels: labels };
  const ofKind: Json =
    kind === "StatefulSet"
      ? {
          replicas,
          serviceName: name,
          podManagementPolicy: "Parallel",
          volumeClaimTemplates: pods.claims.map(claimTemplate),
        }
      : kind === "Deployment"
        ? { replicas, strategy: pods.update }
        : {};
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace },
    spec: { selector, template, ...ofKind },
  };
}

const claimTemplate = ({ name, size, storageClass }: PodFacts["claims"][number]): Json => ({
  metadata: { name },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: size } },
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
  },
});

function podSpec({ affinity, nodeSelector, tolerations, containers, hostAccess, level, references }: PodFacts): Json {
  const claimed = references.filter(({ kind }) => kind === "PersistentVolumeClaim");
  return {
    affinity,
    nodeSelector,
    tolerations,
    hostNetwork: hostAccess.includes("hostNetwork"),
    securityContext: level === "restricted" ? { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } } : {},
    initContainers: containers.filter(({ init }) => init).map((one) => container(one, level)),
    containers: containers.filter(({ init }) => !init).map((one) => container(one, level)),
    volumes: claimed.map(({ name }) => ({ name, persistentVolumeClaim: { claimName: name } })),
  };
}

const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

function container({ name, requests, limits, ports }: ContainerFacts, level: PodFacts["level"]): Json {
  return {
    name,
    image: "nobody-pulls-it",
    resources: { requests, limits },
    securityContext: level === "restricted" ? confined : {},
    ports: ports
      .filter(({ hostPort }) => hostPort !== undefined)
      .map(({ port, hostPort }) => ({ containerPort: port, hostPort })),
  };
}
