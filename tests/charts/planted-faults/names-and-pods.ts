import { containers, pods, type PlantedFault } from "./spoil.ts";

/** Faults in what objects call one another, and in pods against their footprints. */
export const faultsInNamesAndPods: readonly PlantedFault[] = [
  [
    "a key of a Secret that nobody writes",
    "monitoring",
    pods("monitoring-grafana", (one) => ({
      ...one,
      references: [
        ...one.references,
        { kind: "Secret", name: "monitoring-grafana-admin", namespace: "monitoring", key: "pasword" },
      ],
    })),
    /^names-resolve monitoring: Secret monitoring-grafana-admin has no key pasword; it has password, user$/,
  ],
  [
    "a ConfigMap that is not there",
    "traefik-public",
    pods("traefik-public", (one) => ({
      ...one,
      references: [...one.references, { kind: "ConfigMap", name: "absent", namespace: one.namespace }],
    })),
    /^names-resolve traefik-public: there is no ConfigMap absent$/,
  ],
  [
    "a server that is called by a name which its certificate lacks",
    "minio",
    (facts) => ({
      ...facts,
      tlsNames: [...facts.tlsNames, { in: "StatefulSet minio", host: "minio-7.minio-svc.elsewhere.svc" }],
    }),
    /^tls-names minio: no certificate has the name minio-7\.minio-svc\.elsewhere\.svc$/,
  ],
  [
    "a pod that no footprint states",
    "vault",
    (facts) => ({
      ...facts,
      pods: [...facts.pods, ...facts.pods.slice(0, 1).map((one) => ({ ...one, name: "more", labels: {}, claims: [] }))],
    }),
    /^pods-stated vault: no footprint states it$/,
  ],
  [
    "a workload that the chart does not make",
    "metallb",
    (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "metallb-controller") }),
    /^pods-stated metallb: no Deployment of its charts has its labels$/,
  ],
  [
    "an operator that is told of no image of its pods",
    "longhorn",
    (facts) => ({
      ...facts,
      images: facts.images.filter(({ image }) => !image.includes("longhorn-instance-manager")),
    }),
    /^pods-stated longhorn: nothing tells the operator to start docker\.io\/longhornio\/longhorn-instance-manager$/,
  ],
  [
    "pods of an operator that nothing shows",
    "monitoring",
    (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "monitoring-prometheus") }),
    /^pods-stated monitoring: no object of it has its pods, and nothing says why they cannot be seen$/,
  ],
  [
    "a reloader beside an operator's server that asks for more",
    "monitoring",
    pods(
      "monitoring-prometheus",
      containers((one) =>
        one.name === "config-reloader" ? { ...one, requests: { memory: "33Mi", cpu: "10m" } } : one,
      ),
    ),
    /^pods-as-stated monitoring: it has \{"memory":1057,"cpu":210\}, and the footprint states \{"memory":1056,"cpu":210\}$/,
  ],
  [
    "a volume of an operator's server of another size",
    "monitoring",
    pods("monitoring-alertmanager", (one) => ({
      ...one,
      claims: one.claims.map((claim) => ({ ...claim, size: "2Gi" })),
    })),
    /^pods-as-stated monitoring: its claims have \[2048\] MiB, and the footprint states 1024$/,
  ],
  [
    "another memory request",
    "cert-manager",
    pods(
      "cert-manager",
      containers((one) => ({ ...one, requests: { ...one.requests, memory: "97Mi" } })),
    ),
    /^pods-as-stated cert-manager: it has \{"memory":97,"cpu":20\}, and the footprint states \{"memory":96,"cpu":20\}$/,
  ],
  [
    "one replica too few",
    "traefik-private",
    pods("traefik-private", (one) => ({ ...one, replicas: 1 })),
    /^pods-as-stated traefik-private: it has 1, and the footprint states 2$/,
  ],
];
