import { containers, pods, type PlantedFault } from "./spoil.ts";

/** Faults in what pods may do, in images, in rollouts, and in objects themselves. */
export const faultsInRightsAndObjects: readonly PlantedFault[] = [
  [
    "a pod that its namespace does not admit",
    "cloudnative-pg",
    pods("cloudnative-pg", (one) => ({ ...one, level: "privileged" })),
    /^pod-security cloudnative-pg: it needs privileged, and its namespace allows restricted$/,
  ],
  [
    "a role that reads Secrets everywhere",
    "minio",
    (facts) => ({
      ...facts,
      roles: [
        ...facts.roles,
        { kind: "ClusterRole", name: "reader", rules: [{ verbs: ["list"], groups: [""], resources: ["secrets"] }] },
      ],
      bindings: [
        ...facts.bindings,
        {
          name: "reader",
          role: { kind: "ClusterRole", name: "reader" },
          subjects: [{ kind: "ServiceAccount", name: "minio-sa", namespace: "minio" }],
        },
      ],
    }),
    /^rbac-as-stated minio: it may read Secrets in the whole cluster by ClusterRole reader, and the service does not state it$/,
  ],
  [
    "rights that are added to those of everybody who edits",
    "cert-manager",
    (facts) => ({
      ...facts,
      roles: facts.roles.map((role) =>
        role.name === "cert-manager-edit"
          ? { ...role, rules: [{ verbs: ["create"], groups: [""], resources: ["serviceaccounts/token"] }] }
          : role,
      ),
    }),
    /^rbac-as-stated cert-manager: it may request tokens in the whole cluster by ClusterRole cert-manager-edit, and the service does not state it$/,
  ],
  [
    "a permission that is stated and that nobody has any more",
    "cloudnative-pg",
    (facts) => ({ ...facts, bindings: [] }),
    /^rbac-as-stated cloudnative-pg: it is stated that it may exec into pods in the whole cluster, and nothing allows it$/,
  ],
  [
    "a binding to a role that nobody makes",
    "vault",
    (facts) => ({
      ...facts,
      bindings: facts.bindings.map((one) => ({ ...one, role: { ...one.role, name: "gone" } })),
    }),
    /^rbac-as-stated vault: nobody makes ClusterRole gone; what the API server brings along stands in builtInRoles$/,
  ],
  [
    "a pod in the host's network",
    "vault",
    pods("vault", (one) => ({ ...one, hostAccess: ["hostNetwork"] })),
    /^host-access-as-stated vault: it has hostNetwork, and the service states nothing of its host$/,
  ],
  [
    "access to hosts that is stated of pods which nothing makes",
    "metallb",
    (facts) => ({ ...facts, pods: facts.pods.filter(({ name }) => name !== "metallb-speaker") }),
    /^host-access-as-stated metallb: it is stated what these pods have of their hosts, and nothing makes them$/,
  ],
  [
    "a folder of the host that may be written",
    "monitoring",
    pods("monitoring-node-exporter", (one) => ({
      ...one,
      hostAccess: one.hostAccess.map((has) => (has === "hostPath / read-only" ? "hostPath /" : has)),
    })),
    /^host-access-as-stated monitoring: it has .*, hostPath \/, .*, and the service states .*hostPath \/ read-only/,
  ],
  [
    "an image without a version",
    "cert-manager",
    pods(
      "cert-manager",
      containers((one) => ({ ...one, image: "quay.io/jetstack/cert-manager-controller:latest" })),
    ),
    /^images-versioned cert-manager: its image is quay\.io\/jetstack\/cert-manager-controller:latest$/,
  ],
  [
    "an image without a version that an operator is told to start",
    "longhorn",
    (facts) => ({
      ...facts,
      images: [
        ...facts.images,
        { image: "docker.io/longhornio/longhorn-engine:master-head", in: "DaemonSet longhorn-manager" },
      ],
    }),
    /^images-versioned longhorn: its image is docker\.io\/longhornio\/longhorn-engine:master-head$/,
  ],
  [
    "a digest that nobody pinned",
    "metallb",
    (facts) => ({
      ...facts,
      images: facts.images.map(({ image, ...one }) => ({ ...one, image: `${image}@sha256:${"0".repeat(64)}` })),
    }),
    /^digests-carried metallb: it runs quay\.io\/metallb\/speaker:v0\.16\.1 by the digest 0{64}, and pins\.ts has none$/,
  ],
  [
    "a Service whose port no pod names",
    "traefik-public",
    (facts) => ({
      ...facts,
      services: facts.services.map((service) => ({
        ...service,
        ports: service.ports.map((port) => ({ ...port, targetPort: "webs" })),
      })),
    }),
    /^selectors-select traefik-public: its pods name no port webs$/,
  ],
  [
    "a disruption budget that spares nobody",
    "minio",
    (facts) => ({
      ...facts,
      budgets: facts.budgets.map((budget) => ({ ...budget, maxUnavailable: undefined, minAvailable: "3" })),
    }),
    /^drain-finishes minio: of 3 members none may go$/,
  ],
  [
    "members that keep apart and leave no node for a new one",
    "traefik-public",
    pods("traefik-public", (one) => ({
      ...one,
      replicas: 6,
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: one.labels }, topologyKey: "kubernetes.io/hostname" },
          ],
        },
      },
      update: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    })),
    /^rollout-finishes traefik-public: 6 members that keep apart stand on 3 nodes, and none of them may go before a new one is ready$/,
  ],
  [
    "a field that a kind does not have",
    "monitoring",
    (facts) => ({
      ...facts,
      judged: {
        ...facts.judged,
        invalid: ["Prometheus monitoring-prometheus: spec.replica: there is no such field"],
      },
    }),
    /^objects-valid monitoring: spec\.replica: there is no such field$/,
  ],
  [
    "an object that a webhook refuses",
    "cloudnative-pg-barman-cloud",
    (facts) => ({
      ...facts,
      judged: { ...facts.judged, refused: ["Certificate barman-cloud-server: spec.secretName: must be specified"] },
    }),
    /^webhooks-admit cloudnative-pg-barman-cloud: spec\.secretName: must be specified$/,
  ],
  [
    "a webhook that nobody has read",
    "vault",
    (facts) => ({
      ...facts,
      webhooks: [
        {
          configuration: "MutatingWebhookConfiguration vault-agent-injector-cfg",
          name: "vault.hashicorp.com",
          failurePolicy: "Ignore",
          resources: ["/pods"],
        },
      ],
    }),
    /^webhooks-admit vault: nobody has written down what vault\.hashicorp\.com demands of objects of the group ""$/,
  ],
  [
    "a value that the chart does not read",
    "longhorn",
    (facts) => ({ ...facts, idle: ["persistance.size"] }),
    /^values-used longhorn: the chart does not read it$/,
  ],
];
