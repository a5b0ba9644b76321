import assert from "node:assert/strict";
import type { Json, KubernetesObject } from "./kubernetes.ts";
import { podsIn } from "./pods.ts";

const object = ([apiVersion, kind]: readonly [string, string], spec: Json): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: "main", namespace: "a" },
  spec,
});
const operator = object(["apps/v1", "Deployment"], {
  template: {
    spec: {
      containers: [
        {
          name: "operator",
          args: [
            "--prometheus-config-reloader=quay.io/a/reloader:v1",
            "--config-reloader-cpu-request=10m",
            "--config-reloader-cpu-limit=0",
            "--config-reloader-memory-request=32Mi",
            "--config-reloader-memory-limit=64Mi",
          ],
        },
      ],
    },
  },
});
const made = (...objects: readonly KubernetesObject[]) => {
  const [pods] = podsIn(objects, "a").filter(({ controller }) => controller === "operator");
  assert.ok(pods !== undefined);
  return pods;
};
const amounts = { requests: { memory: "1Gi", cpu: "200m" }, limits: { memory: "2Gi" } };
const affinity = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };

describe("pods that operators make", () => {
  it("of a Prometheus are its server and a reloader, as the operator is told to make it", () => {
    const spec = {
      replicas: 2,
      image: "quay.io/a/prometheus:v3",
      portName: "http-web",
      resources: amounts,
      affinity,
      serviceAccountName: "prometheus",
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      storage: {
        volumeClaimTemplate: { spec: { storageClassName: "fast", resources: { requests: { storage: "20Gi" } } } },
      },
    };
    const pods = made(operator, object(["monitoring.coreos.com/v1", "Prometheus"], spec));
    const reloader = {
      image: "quay.io/a/reloader:v1",
      requests: { cpu: "10m", memory: "32Mi" },
      limits: { memory: "64Mi" },
    };
    assert.deepEqual(pods.containers, [
      { name: "init-config-reloader", init: true, ...reloader, ports: [] },
      {
        name: "prometheus",
        init: false,
        image: spec.image,
        requests: amounts.requests,
        limits: amounts.limits,
        ports: [{ name: "http-web", port: 9090 }],
      },
      { name: "config-reloader", init: false, ...reloader, ports: [{ name: "reloader-web", port: 8080 }] },
    ]);
    assert.deepEqual(
      [pods.replicas, pods.level, pods.affinity, pods.serviceAccount],
      [2, "restricted", affinity, "prometheus"],
    );
    assert.deepEqual(pods.claims, [{ name: "main-db", size: "20Gi", storageClass: "fast" }]);
    assert.equal(pods.labels["operator.prometheus.io/name"], "main");
  });

  it("of an Alertmanager read the Secrets that it names", () => {
    const pods = made(
      operator,
      object(["monitoring.coreos.com/v1", "Alertmanager"], { secrets: ["discord"], hostNetwork: true }),
    );
    assert.deepEqual(pods.references, [
      { kind: "Secret", name: "discord", namespace: "a" },
      { kind: "ServiceAccount", name: "default", namespace: "a" },
    ]);
    assert.deepEqual(pods.hostAccess, ["hostNetwork", "hostPort 8080", "hostPort 9093", "hostPort 9094"]);
    assert.equal(pods.labels["alertmanager"], "main");
  });

  it("of a PostgreSQL cluster are its servers, with what the plugin adds of its ObjectStore", () => {
    const store = object(["barmancloud.cnpg.io/v1", "ObjectStore"], {
      instanceSidecarConfiguration: { resources: { requests: { memory: "96Mi" } } },
    });
    const spec = {
      instances: 3,
      imageName: "ghcr.io/a/postgresql:18",
      resources: amounts,
      storage: { size: "20Gi", storageClass: "local" },
      affinity: {
        enablePodAntiAffinity: false,
        additionalPodAntiAffinity: affinity.podAntiAffinity,
        tolerations: [{ key: "a" }],
      },
      plugins: [{ name: "barman", parameters: { barmanObjectName: "main" } }],
    };
    const pods = made(store, object(["postgresql.cnpg.io/v1", "Cluster"], spec));
    assert.deepEqual(
      pods.containers.map(({ name, init, requests }) => [name, init, requests]),
      [
        ["plugin-barman-cloud", false, { memory: "96Mi" }],
        ["postgres", false, amounts.requests],
      ],
    );
    assert.deepEqual(
      [pods.replicas, pods.level, pods.affinity, pods.tolerations],
      [3, "restricted", affinity, [{ key: "a" }]],
    );
    assert.deepEqual(pods.labels, { "cnpg.io/cluster": "main", "cnpg.io/podRole": "instance" });
  });

  it("are none of other objects", () => {
    assert.deepEqual(podsIn([object(["cluster.x-k8s.io/v1", "Cluster"], {}), object(["v1", "Secret"], {})], "a"), []);
  });
});
