import assert from "node:assert/strict";
import { hostAccessOf } from "./host-access.ts";

describe("what a pod has of its host", () => {
  it("is nothing for an ordinary one", () => {
    const volumes = [{ name: "scratch", emptyDir: {} }];
    assert.deepEqual(
      hostAccessOf({ hostNetwork: false, volumes, containers: [{ ports: [{ containerPort: 80 }] }] }),
      [],
    );
  });

  it("is told of all containers, each once", () => {
    const net = { securityContext: { privileged: true, capabilities: { add: ["NET_ADMIN"] } } };
    assert.deepEqual(
      hostAccessOf({
        hostPID: true,
        hostIPC: true,
        initContainers: [net],
        containers: [net, { ports: [{ hostPort: 53 }] }],
      }),
      ["capability NET_ADMIN", "hostIPC", "hostPID", "hostPort 53", "privileged"],
    );
  });

  it("is each port that it listens on, in the host's network", () => {
    assert.deepEqual(hostAccessOf({ hostNetwork: true, containers: [{ ports: [{ containerPort: 9100 }] }] }), [
      "hostNetwork",
      "hostPort 9100",
    ]);
  });

  it("is a folder to read, unless one container may write to it", () => {
    const spec = (readOnly: readonly (boolean | undefined)[]) => ({
      volumes: [{ name: "proc", hostPath: { path: "/proc/" } }],
      containers: readOnly.map((one) => ({ volumeMounts: [{ name: "proc", readOnly: one }] })),
    });
    assert.deepEqual(hostAccessOf(spec([true])), ["hostPath /proc read-only"]);
    assert.deepEqual(hostAccessOf(spec([true, undefined])), ["hostPath /proc"]);
    assert.deepEqual(hostAccessOf({ volumes: [{ name: "root", hostPath: { path: "/" } }], containers: [] }), [
      "hostPath / read-only",
    ]);
  });
});
