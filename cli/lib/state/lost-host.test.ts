import assert from "node:assert/strict";
import { nameOf, type Checkpoint, type StateResource } from "../pulumi/checkpoint.ts";
import { hostsIn, lostHost } from "./lost-host.ts";

const provider = (name: string): string => `urn:pulumi:a::b::pulumi:providers:proxmoxve::a-vms-hypervisors-${name}::id`;
const make = (type: string, name: string, rest: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:a::b::${type}::${name}`,
  type,
  ...rest,
});
const machine = (name: string, host: string, proxmoxNode: string): StateResource =>
  make("isthmus:proxmox:Machine", name, {
    inputs: { plan: { host, proxmoxNode } },
    outputs: { address: `10.0.20.${name.length}` },
  });
const on = (nodeName: string, of: string): Partial<StateResource> => ({ inputs: { nodeName }, provider: provider(of) });
const vm = "proxmoxve:index/vmLegacy:VmLegacy";

/** Two hosts of a cluster, and one outside it whose node has the same name as one of theirs. */
const resources = [
  make("isthmus:proxmox:Hypervisors", "h", { inputs: { images: [{ host: "empty", proxmoxNode: "pve9" }] } }),
  make("pulumi:providers:proxmoxve", "a-vms-hypervisors-cluster"),
  make("pulumi:providers:proxmoxve", "a-vms-hypervisors-lone"),
  machine("one", "left", "pve1"),
  machine("three", "right", "pve2"),
  machine("seven", "lone", "pve1"),
  make("proxmoxve:download/file:File", "left-image", on("pve1", "cluster")),
  make("proxmoxve:index/fileLegacy:FileLegacy", "one-user-data", on("pve1", "cluster")),
  make(vm, "one-vm", on("pve1", "cluster")),
  make(vm, "three-vm", on("pve2", "cluster")),
  make(vm, "seven-vm", on("pve1", "lone")),
];
const state: Checkpoint = { version: 3, deployment: { manifest: { time: "2026-11-21T09:00:00Z" }, resources } };

describe("a Proxmox host in a state", () => {
  it("is known by its machines and by its image", () => {
    assert.deepEqual(
      hostsIn(state),
      new Map([
        ["empty", "pve9"],
        ["left", "pve1"],
        ["right", "pve2"],
        ["lone", "pve1"],
      ]),
    );
  });

  it("has its VMs, files and image, and nothing of another host whose node has the same name", () => {
    const left = lostHost(state, "left", "pve1");
    assert.deepEqual(left.resources.map(nameOf), ["left-image", "one-user-data", "one-vm"]);
    assert.deepEqual(left.machines, [{ name: "one", address: "10.0.20.3" }]);
    assert.deepEqual(lostHost(state, "lone", "pve1").resources.map(nameOf), ["seven-vm"]);
    assert.deepEqual(lostHost(state, "empty", "pve9").resources, []);
  });

  it("has the VM that was to move away in an `up` that failed: it is where it was made", () => {
    const moved = resources.map((one) => (nameOf(one) === "one" ? machine("one", "right", "pve2") : one));
    const after = { ...state, deployment: { ...state.deployment, resources: moved } };
    assert.deepEqual(lostHost(after, "left", "pve1").machines, [{ name: "one", address: "10.0.20.3" }]);
  });
});
