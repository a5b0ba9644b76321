/** The simulated Proxmox cluster. */
import assert from "node:assert/strict";

import { type Properties } from "./values.ts";
import { emptyWorlds, make, provider, store, target } from "./rules-under-test.ts";

describe("a simulated Proxmox cluster", () => {
  emptyWorlds();

  const VM = "proxmoxve:index/vmLegacy:VmLegacy";
  const settings = { endpoint: "https://pve:8006/", apiToken: "root@pam!t=0" };

  it("has each VM's number once, on whatever node, and tells VMs of one name", async () => {
    const service = await provider("proxmoxve", settings);
    await make(service, VM, { nodeName: "pve1", vmId: 101, name: "server" });
    await assert.rejects(
      make(service, VM, { nodeName: "pve2", vmId: 101 }),
      /unable to create VM 101: config file already exists/,
    );
    const second = await make(service, VM, { nodeName: "pve1", name: "server" });
    assert.equal(second.outputs["vmId"], 100);
    assert.deepEqual([...store.duplicates().keys()], ["proxmoxve/https://pve:8006//vm/server"]);
  });

  it("replaces a VM for another image, number or node, and not for more memory", async () => {
    const service = await provider("proxmoxve", settings);
    const before: Properties = {
      nodeName: "pve1",
      vmId: 101,
      memory: { dedicated: 1 },
      disks: [{ fileId: "a", size: 1 }],
    };
    const replaces = (after: Properties): readonly string[] =>
      service.diff(target(VM), before, { ...before, ...after }).replaces;
    assert.deepEqual(replaces({ memory: { dedicated: 2 } }), []);
    assert.deepEqual(replaces({ disks: [{ fileId: "a", size: 2 }] }), []);
    assert.deepEqual(replaces({ disks: [{ fileId: "b", size: 1 }] }), ["disks.0.fileId"]);
    assert.deepEqual(replaces({ vmId: 102 }), ["vmId"]);
    assert.deepEqual(replaces({ nodeName: "pve2" }), ["nodeName"]);
    assert.deepEqual(replaces({ nodeName: "pve2", migrate: true }), []);
  });

  it("does not lock a template for a third clone at once", async () => {
    const service = await provider("proxmoxve", settings);
    const clones = [101, 102, 103].map((vmId) => make(service, VM, { nodeName: "pve", vmId, clone: { vmId: 9000 } }));
    const results = await Promise.allSettled(clones);
    assert.deepEqual(results.map((result) => result.status).sort(), ["fulfilled", "fulfilled", "rejected"]);
    assert.match(
      String((results[2] as PromiseRejectedResult).reason),
      /can't lock file .*lock-9000.conf' - got timeout/,
    );
  });

  it("wants a VM's files first, SSH for snippets, and does not download over a file", async () => {
    const service = await provider("proxmoxve", settings);
    const disk = { nodeName: "pve", vmId: 101, disks: [{ importFrom: "local:import/a.qcow2" }] };
    await assert.rejects(make(service, VM, disk), /volume 'local:import\/a.qcow2' does not exist/);
    const file = {
      nodeName: "pve",
      datastoreId: "local",
      contentType: "import",
      url: "https://images.invalid/a.qcow2",
    };
    await make(service, "proxmoxve:download/file:File", file);
    await assert.rejects(make(service, "proxmoxve:download/file:File", file), /already exists/);
    await make(service, VM, disk);
    const snippet = {
      nodeName: "pve",
      datastoreId: "local",
      contentType: "snippets",
      sourceRaw: { data: "d", fileName: "f" },
    };
    await assert.rejects(make(service, "proxmoxve:index/fileLegacy:FileLegacy", snippet), /ssh/);
    const withSsh = await provider("proxmoxve", { ...settings, ssh: JSON.stringify({ username: "root" }) });
    assert.equal((await make(withSsh, "proxmoxve:index/fileLegacy:FileLegacy", snippet)).id, "local:snippets/f");
  });

  it("keeps a protected VM, and knows who may come in", async () => {
    const service = await provider("proxmoxve", settings);
    const made = await make(service, VM, { nodeName: "pve", vmId: 101, protection: true });
    await assert.rejects(service.delete({ ...target(VM), id: made.id }, made.outputs), /protection mode enabled/);
    await assert.rejects(provider("proxmoxve", { endpoint: "e" }), /username and password, or an API token/);
    await assert.rejects(provider("proxmoxve", { endpoint: "e", apiToken: "x" }), /USER@REALM!TOKENID=UUID/);
  });
});
