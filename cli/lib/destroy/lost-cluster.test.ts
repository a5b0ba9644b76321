import assert from "node:assert/strict";
import { nameOf, resourcesOf, type Checkpoint, type StateResource } from "../pulumi/checkpoint.ts";
import { inventoryOf } from "./inventory.ts";
import { describeForgotten, withoutCluster } from "./lost-cluster.ts";

const make = (type: string, name: string, rest: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:site-a::isthmus::${type}::${name}`,
  type,
  ...rest,
});
const vm = make("proxmoxve:index/vmLegacy:VmLegacy", "vm-1-vm", { protect: true });
const release = make("kubernetes:helm.sh/v3:Release", "minio-minio");
const install = make("command:remote:Command", "site-a-k3s-vm-1", { dependencies: [release.urn] });

const state: Checkpoint = {
  version: 3,
  deployment: {
    manifest: { time: "2026-11-21T09:00:00Z" },
    resources: [
      vm,
      make("isthmus:hosts:Machine", "pi-1"),
      make("pulumi:providers:kubernetes", "site-a-kubernetes", { protect: true }),
      make("kubernetes:core/v1:Namespace", "minio-namespace", { protect: true }),
      release,
      install,
      make("random:index/randomPassword:RandomPassword", "site-a-generated-minio-root"),
    ],
    pending_operations: [vm, release, install].map((resource) => ({ resource, type: "creating" })),
  },
};

describe("a state whose cluster is lost", () => {
  const without = withoutCluster(state);

  it("has all that is outside of the cluster, as protected as it was, and nothing that is in it", () => {
    assert.deepEqual(
      resourcesOf(without).map((one) => `${nameOf(one)}${one.protect === true ? ", protected" : ""}`),
      ["vm-1-vm, protected", "pi-1", "site-a-kubernetes, protected", "site-a-k3s-vm-1", "site-a-generated-minio-root"],
    );
    assert.doesNotMatch(JSON.stringify(without), /minio-minio|minio-namespace/);
  });

  it("still has a VM that a killed run was making: its host can be asked", () => {
    assert.deepEqual(
      without.deployment.pending_operations?.map(({ resource }) => nameOf(resource)),
      ["vm-1-vm"],
    );
  });

  it("is told by what is forgotten, and by the machines that stay", () => {
    const told = describeForgotten(
      state,
      inventoryOf({
        ...state,
        deployment: { ...state.deployment, resources: [make("isthmus:hosts:Machine", "pi-1")] },
      }),
    );
    assert.match(told, /2 objects and releases in it are forgotten and not deleted/);
    assert.match(told, /The disks of pi-1 stay as they are/);
  });
});
