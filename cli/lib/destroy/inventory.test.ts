import assert from "node:assert/strict";
import type { Checkpoint, StateResource } from "../pulumi/checkpoint.ts";
import { describeDependents, describeLoss } from "./describe.ts";
import { inventoryOf } from "./inventory.ts";

const make = (type: string, name: string, rest: Partial<StateResource>): StateResource => ({
  urn: `urn:pulumi:site-a::isthmus::${type}::${name}`,
  type,
  ...rest,
});

const stores = {
  what: "the log",
  size: "5Gi",
  backup: { by: "Longhorn recurring backup", to: "site-b", every: "1d", keeps: "14 backups" },
};

const state: Checkpoint = {
  version: 3,
  deployment: {
    manifest: { time: "2026-11-21T09:00:00Z" },
    resources: [
      make("pulumi:pulumi:Stack", "site-a", {}),
      make("isthmus:hosts:Machine", "pi-1", {}),
      make("proxmoxve:index/vmLegacy:VmLegacy", "vm-1-vm", { inputs: { name: "vm-1" }, protect: true }),
      make("isthmus:k3s:Cluster", "k3s", { inputs: { settings: { snapshots: { s3: null } } } }),
      make("isthmus:core:Service", "vault", {
        inputs: {
          instance: "vault",
          namespace: "vault",
          footprint: { workloads: [{ name: "server", stores }, { name: "injector" }] },
        },
      }),
    ],
  },
};

describe("what a site is, by its state", () => {
  const inventory = inventoryOf(state);

  it("holds data where a footprint says so, and in etcd", () => {
    assert.deepEqual(
      inventory.data.map(({ of }) => of),
      ["kubernetes", "vault/server"],
    );
  });

  it("is protected where the state says so; a machine that was there before stays", () => {
    assert.deepEqual(inventory.protected, ["vm-1-vm"]);
    assert.deepEqual(inventory.stayingNodes, ["pi-1"]);
    assert.equal(inventory.resources, 4);
  });

  it("is told with the last backup of each thing in the same namespace", () => {
    const text = describeLoss("site-a", inventory, {
      backups: [
        { namespace: "vault", of: "volume data-vault-0", at: "2026-11-20T02:00:00Z" },
        { namespace: "vault", of: "volume data-vault-1" },
        { namespace: "other", of: "volume photos", at: "2026-11-20T02:00:00Z" },
      ],
    });
    assert.match(text, /kubernetes: .*\n +NO BACKUP: its snapshots are on the servers' own disks/);
    assert.match(
      text,
      /every 1d, to site-b, kept: 14 backups\n +volume data-vault-0: last backup 2026-11-20T02:00:00Z\n/,
    );
    assert.match(text, /volume data-vault-1: last backup NEVER/);
    assert.doesNotMatch(text, /photos/);
  });

  it("says that it does not know, and why, where the cluster does not answer", () => {
    const text = describeLoss("site-a", inventory, { unknown: "the cluster does not answer (timeout)." });
    assert.match(text, /last backed up is not known from here: the cluster does not answer \(timeout\)/);
    assert.doesNotMatch(text, /NEVER/);
  });

  it("names what rests on it elsewhere", () => {
    assert.equal(describeDependents("site-a", []), "");
    const text = describeDependents("site-a", [{ site: "site-b", service: "longhorn", items: ["backup-target"] }]);
    assert.match(text, /site-b: longhorn \(backup-target\)/);
  });
});
