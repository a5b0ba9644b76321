import assert from "node:assert/strict";
import type { Manifest } from "@isthmus/core";
import { k3sSettings, nodeFiles } from "@isthmus/k3s";
import { parseAllDocuments } from "yaml";
import { checkObject, withoutKubernetes } from "../kits/proofs/object-schemas.ts";

const sum = "0".repeat(64);

/** What of it lies in the manifests folder of a server before it starts. */
function manifestsOf(api: { readonly address: string; readonly interface?: string }): readonly Manifest[] {
  const settings = k3sSettings.parse({
    version: "v1.34.3+k3s1",
    checksums: { installer: sum, amd64: { binary: sum } },
    api: { kind: "kube-vip", ...api },
  });
  const server = { name: "server-1", role: "server", address: "10.0.20.11", labels: {}, taints: [] } as const;
  return nodeFiles(server, settings)
    .filter(({ path }) => path.endsWith("/server/manifests/isthmus-kube-vip.yaml"))
    .flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS() as Manifest));
}

describe("kube-vip's manifest", () => {
  before(function () {
    if (withoutKubernetes === undefined) return;
    console.log(`      skipped: ${withoutKubernetes}`);
    this.skip();
  });

  it("holds objects that Kubernetes' own schema takes, whatever is set", () => {
    for (const api of [{ address: "10.0.20.10" }, { address: "10.0.20.10", interface: "eth1" }]) {
      const manifests = manifestsOf(api);
      assert.deepEqual(
        manifests.map(({ kind }) => kind),
        ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet"],
      );
      assert.deepEqual(manifests.flatMap(checkObject), []);
    }
  });

  it("would not pass with a field that is none", () => {
    const [account] = manifestsOf({ address: "10.0.20.10" });
    assert.ok(account);
    assert.notDeepEqual(checkObject({ ...account, secret: [] }), []);
  });
});
