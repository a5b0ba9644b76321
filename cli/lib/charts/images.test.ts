import assert from "node:assert/strict";
import { imagesIn } from "./images.ts";
import type { Json, KubernetesObject } from "./kubernetes.ts";

const object = (kind: string, more: Json): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "a" },
  ...more,
});
const images = (kind: string, more: Json): readonly string[] =>
  imagesIn([object(kind, more)]).map(({ image }) => image);

describe("images that objects name", () => {
  it("are those of containers, of whatever makes the pods", () => {
    const spec = {
      initContainers: [{ image: "busybox" }],
      containers: [{ image: "quay.io/a/b:1" }, { image: "busybox" }],
    };
    assert.deepEqual(images("Pod", { spec }), ["busybox", "quay.io/a/b:1"]);
    assert.deepEqual(images("CronJob", { spec: { jobTemplate: { spec: { template: { spec } } } } }), [
      "busybox",
      "quay.io/a/b:1",
    ]);
  });

  it("are those that a program is told to start: by a word, by a flag, by the environment, by a ConfigMap, by a resource of its own", () => {
    const container = {
      image: "quay.io/a/operator:1",
      command: ["manager", "--engine-image", "docker.io/longhornio/longhorn-engine:v1.12.1"],
      args: [`--reloader=quay.io/a/reloader:v0.93.1@sha256:${"0".repeat(64)}`],
      env: [{ name: "IMAGE", value: "registry.local:5000/b/c:2" }],
    };
    assert.deepEqual(images("Deployment", { spec: { template: { spec: { containers: [container] } } } }), [
      "docker.io/longhornio/longhorn-engine:v1.12.1",
      "quay.io/a/operator:1",
      `quay.io/a/reloader:v0.93.1@sha256:${"0".repeat(64)}`,
      "registry.local:5000/b/c:2",
    ]);
    assert.deepEqual(images("ConfigMap", { data: { SIDECAR_IMAGE: "ghcr.io/a/sidecar:v0.13.0" } }), [
      "ghcr.io/a/sidecar:v0.13.0",
    ]);
    assert.deepEqual(images("Cluster", { spec: { imageName: "ghcr.io/a/postgresql:18.4" } }), [
      "ghcr.io/a/postgresql:18.4",
    ]);
  });

  it("are no addresses, paths, names of servers or times", () => {
    const args = [
      "--url=https://a.b/c:80",
      "http://a.b.svc:9093/x",
      "/etc/a:/b:c",
      "a.b.svc:443",
      "12:30",
      "--listen=0.0.0.0:80",
      "a/b:c",
    ];
    assert.deepEqual(images("Pod", { spec: { containers: [{ args }] } }), []);
  });
});
