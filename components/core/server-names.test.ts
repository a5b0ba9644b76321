import assert from "node:assert/strict";
import { fullName, serverNames } from "./server-names.ts";

describe("names of TLS servers", () => {
  it("are all forms that a pod's resolver completes, of the Service and of each of its pods", () => {
    assert.deepEqual(serverNames([{ service: "store-svc", namespace: "data", pods: ["store-0", "store-1"] }]), [
      "store-svc",
      "store-svc.data",
      "store-svc.data.svc",
      "store-svc.data.svc.cluster.local",
      "store-0.store-svc",
      "store-0.store-svc.data",
      "store-0.store-svc.data.svc",
      "store-0.store-svc.data.svc.cluster.local",
      "store-1.store-svc",
      "store-1.store-svc.data",
      "store-1.store-svc.data.svc",
      "store-1.store-svc.data.svc.cluster.local",
    ]);
  });

  it("end in the cluster's own domain, and stand there once", () => {
    const server = { service: "web", namespace: "site", domain: "k8s.home" };
    assert.deepEqual(serverNames([server, server]), ["web", "web.site", "web.site.svc", "web.site.svc.k8s.home"]);
    assert.equal(fullName(server), "web.site.svc.k8s.home");
    assert.equal(fullName({ service: "web", namespace: "site" }, "web-0"), "web-0.web.site.svc.cluster.local");
  });
});
