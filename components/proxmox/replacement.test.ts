import assert from "node:assert/strict";
import { exampleSite } from "./testing.ts";
import { replacementsOf, type BuiltVm } from "./replacement.ts";
import { vmSchema } from "./schema.ts";

const built: ReadonlyMap<string, BuiltVm> = new Map([
  ["k3s-a-server-1", { vmId: 2010, rebuild: "", proxmoxNode: "pve1" }],
  ["k3s-a-agent-1", { vmId: 2011, rebuild: "", proxmoxNode: "pve1" }],
  ["k3s-a-agent-2", { vmId: 2012, rebuild: "2026-11-21", proxmoxNode: "pve2" }],
]);

const keysWith = (name: string, change: object, hosts: object = {}): Readonly<Record<string, readonly string[]>> => {
  const machines = exampleSite.machines.map((machine) =>
    machine.name === name ? { ...machine, vm: vmSchema.parse({ ...machine.vm, ...change }) } : machine,
  );
  const proxmox = { ...exampleSite.proxmox, hypervisors: { ...exampleSite.proxmox.hypervisors, ...hosts } };
  const found = replacementsOf({ ...exampleSite, proxmox, machines }, built);
  return Object.fromEntries(found.map((one) => [one.name, one.keys]));
};

describe("what would be another VM", () => {
  it("is none of those that are as they were built, nor one that is new", () => {
    assert.deepEqual(replacementsOf(exampleSite, built), []);
    assert.deepEqual(replacementsOf(exampleSite, new Map()), []);
  });

  it("is one with another id or another word for rebuild, by the key that says so", () => {
    const at = "Pulumi.site-a.yaml#/nodes/k3s-a-server-1/vm";
    assert.deepEqual(keysWith("k3s-a-server-1", { id: 2099 }), { "k3s-a-server-1": [`${at}/id`] });
    assert.deepEqual(keysWith("k3s-a-server-1", { id: 2099, rebuild: "now" }), {
      "k3s-a-server-1": [`${at}/id`, `${at}/rebuild`],
    });
  });

  it("is one whose word was taken back: that is another word, too", () => {
    assert.deepEqual(Object.keys(keysWith("k3s-a-agent-2", { rebuild: undefined })), ["k3s-a-agent-2"]);
  });

  it("is none that is migrated or changed in place, and one that goes to a host with an API of its own", () => {
    assert.deepEqual(keysWith("k3s-a-server-1", { host: "pve-a-2", memory: "16Gi", disk: "80Gi" }), {});
    const own = { node: "lone", api: { ...exampleSite.proxmox.api, endpoint: "https://lone.home.arpa:8006" } };
    assert.deepEqual(keysWith("k3s-a-server-1", { host: "lone" }, { lone: own }), {
      "k3s-a-server-1": ["Pulumi.site-a.yaml#/nodes/k3s-a-server-1/vm/host"],
    });
  });
});
