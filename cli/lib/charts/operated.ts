import { isRecord, listAt, mapAt, textAt, textsAt, type Json, type KubernetesObject } from "./kubernetes.ts";

/** What an operator makes of an object: a StatefulSet, as far as laws read of one. */
type Made = { readonly metadata: Json; readonly spec: Json };
type Making = (object: KubernetesObject, beside: readonly KubernetesObject[]) => Made;

/** Operators whose pods follow from their objects alone, by `group/Kind`. */
const makings: Readonly<Record<string, Making>> = {
  "monitoring.coreos.com/Prometheus": prometheus,
  "monitoring.coreos.com/Alertmanager": alertmanager,
  "postgresql.cnpg.io/Cluster": postgresql,
};

/** The object in the shape of a StatefulSet with the pods that its operator makes; absent: it makes none. */
export function madeOf(object: KubernetesObject, beside: readonly KubernetesObject[]): KubernetesObject | undefined {
  const group = object.apiVersion.split("/")[0] ?? "";
  const making = new Map(Object.entries(makings)).get(`${group}/${object.kind}`);
  if (making === undefined) return undefined;
  const { metadata, spec } = making(object, beside);
  const replicas = mapAt(object, "spec")[object.kind === "Cluster" ? "instances" : "replicas"] ?? 1;
  return {
    ...object,
    kind: "StatefulSet",
    spec: { replicas, ...spec, template: { metadata, spec: mapAt(spec, "pod") } },
  };
}

const confined = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0/pkg/prometheus/server/statefulset.go (makeStatefulSetSpec) */
function prometheus(object: KubernetesObject, beside: readonly KubernetesObject[]): Made {
  const labels = { "operator.prometheus.io/name": object.metadata.name };
  return ofPrometheusOperator(object, beside, { labels, container: "prometheus", port: 9090, others: [] });
}

/** https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0/pkg/alertmanager/statefulset.go (makeStatefulSetSpec) */
function alertmanager(object: KubernetesObject, beside: readonly KubernetesObject[]): Made {
  const others = [{ name: "mesh-tcp", containerPort: 9094 }];
  return ofPrometheusOperator(object, beside, { labels: {}, container: "alertmanager", port: 9093, others });
}

interface Server {
  /** Beside those that all of the operator's servers have. */
  readonly labels: Readonly<Record<string, string>>;
  readonly container: string;
  readonly port: number;
  readonly others: readonly Json[];
}

function ofPrometheusOperator(
  object: KubernetesObject,
  beside: readonly KubernetesObject[],
  { labels, container, port, others }: Server,
): Made {
  const spec = mapAt(object, "spec");
  const { name } = object.metadata;
  const common = {
    "app.kubernetes.io/name": container,
    "app.kubernetes.io/managed-by": "prometheus-operator",
    "app.kubernetes.io/instance": name,
    [container]: name,
  };
  const secrets = Array.isArray(spec["secrets"]) ? spec["secrets"].map(String) : [];
  const pod = {
    serviceAccountName: spec["serviceAccountName"],
    securityContext: spec["securityContext"],
    affinity: spec["affinity"],
    tolerations: spec["tolerations"],
    hostNetwork: spec["hostNetwork"],
    volumes: secrets.map((secretName) => ({ name: secretName, secret: { secretName } })),
    initContainers: [reloader("init-config-reloader", beside, [])],
    containers: [
      {
        name: container,
        image: spec["image"],
        resources: spec["resources"],
        securityContext: confined,
        ports: [{ name: textAt(spec, "portName") ?? "web", containerPort: port }, ...others],
      },
      reloader("config-reloader", beside, [{ name: "reloader-web", containerPort: 8080 }]),
    ],
  };
  const claim = mapAt(spec, "storage", "volumeClaimTemplate");
  return {
    metadata: { labels: { ...textsAt(spec, "podMetadata", "labels"), ...common, ...labels } },
    spec: { pod, ...claimed(name, mapAt(claim, "spec")) },
  };
}

const claimed = (name: string, spec: Json): Json =>
  Object.keys(spec).length === 0 ? {} : { volumeClaimTemplates: [{ metadata: { name: `${name}-db` }, spec }] };

/**
 * The operator's own flags say what it is and asks for; an amount of 0 is none.
 * https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0/pkg/operator/config_reloader.go (CreateConfigReloader)
 */
function reloader(name: string, beside: readonly KubernetesObject[], ports: readonly Json[]): Json {
  const flags = new Map(
    beside
      .flatMap((object) => listAt(object, "spec", "template", "spec", "containers"))
      .flatMap(({ args }) => (Array.isArray(args) ? args.map(String) : []))
      .flatMap((flag) => {
        const [, key, value] = /^--((?:prometheus-)?config-reloader[a-z-]*)=(.*)$/.exec(flag) ?? [];
        return key === undefined || value === undefined || value === "0" ? [] : [[key, value] as const];
      }),
  );
  const amounts = (kind: string): Json =>
    Object.fromEntries(
      ["cpu", "memory"].flatMap((resource) => {
        const amount = flags.get(`config-reloader-${resource}-${kind}`);
        return amount === undefined ? [] : [[resource, amount]];
      }),
    );
  const resources = { requests: amounts("request"), limits: amounts("limit") };
  return { name, image: flags.get("prometheus-config-reloader"), resources, securityContext: confined, ports };
}

/**
 * https://github.com/cloudnative-pg/cloudnative-pg/blob/v1.30.0/pkg/specs/pods.go (buildInstance, createPostgresContainers,
 * CreateAffinitySection, GetSecurityContext). Its init container asks for what the server asks for, and is of the operator's image; its
 * ServiceAccount is made with it. The sidecar is what the plugin adds of the ObjectStore that it is told:
 * https://github.com/cloudnative-pg/plugin-barman-cloud/blob/v0.13.0/internal/cnpgi/operator/lifecycle.go
 */
function postgresql(object: KubernetesObject, beside: readonly KubernetesObject[]): Made {
  const { name } = object.metadata;
  const spec = mapAt(object, "spec");
  const affinity = mapAt(spec, "affinity");
  const confinedHere = { ...confined, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const sidecars = listAt(spec, "plugins").flatMap((plugin) => {
    const store = textAt(plugin, "parameters", "barmanObjectName");
    const found = beside.find(({ kind, metadata }) => kind === "ObjectStore" && metadata.name === store);
    const resources = mapAt(found, "spec", "instanceSidecarConfiguration", "resources");
    return found === undefined
      ? []
      : [{ name: "plugin-barman-cloud", restartPolicy: "Always", resources, securityContext: confinedHere }];
  });
  const pod = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    affinity: {
      ...part(affinity, "nodeAffinity", "nodeAffinity"),
      ...part(affinity, "additionalPodAffinity", "podAffinity"),
      ...part(affinity, "additionalPodAntiAffinity", "podAntiAffinity"),
    },
    tolerations: affinity["tolerations"],
    initContainers: sidecars,
    containers: [
      {
        name: "postgres",
        image: spec["imageName"],
        resources: spec["resources"],
        securityContext: confinedHere,
        ports: [
          { name: "postgresql", containerPort: 5432 },
          { name: "metrics", containerPort: 9187 },
          { name: "status", containerPort: 8000 },
        ],
      },
    ],
  };
  const { size, storageClass } = mapAt(spec, "storage");
  const claim = { storageClassName: storageClass, resources: { requests: { storage: size } } };
  return {
    metadata: { labels: { "cnpg.io/cluster": name, "cnpg.io/podRole": "instance" } },
    spec: { pod, ...claimed(name, claim) },
  };
}

const part = (from: Json, key: string, as: string): Json => (isRecord(from[key]) ? { [as]: from[key] } : {});
