import assert from "node:assert/strict";
import { referencesIn } from "@isthmus/core";
import fc from "fast-check";
import { checkMachines } from "./check.ts";
import { renderMetaData } from "./cloud-init.ts";
import { exampleSite, planOf } from "./testing.ts";
import { cloneLanes, planImages, planMachines, type MachineFacts, type SiteMachines } from "./plan.ts";

describe("the plan of a VM", () => {
  it("is its own facts and the site's", () => {
    const { userData, metaData, ...plan } = planOf("k3s-a-agent-1");
    assert.deepEqual(plan, {
      name: "k3s-a-agent-1",
      host: "pve-a-1",
      proxmoxNode: "pve1",
      vmId: 2011,
      cores: 2,
      cpuType: "x86-64-v2-AES",
      memoryMebibytes: 8192,
      disks: [
        {
          interface: "scsi0",
          datastore: "local-lvm",
          sizeGibibytes: 40,
          image: "local:import/isthmus-site-a-pve-a-1.qcow2",
        },
        { interface: "scsi1", datastore: "local-lvm", sizeGibibytes: 1024 },
      ],
      bridge: "vmbr0",
      vlan: 20,
      mac: undefined,
      address: "10.0.20.11/24",
      gateway: "10.0.20.1",
      nameservers: ["10.0.20.1"],
      searchDomain: "site-a.home.arpa",
      tags: ["agent", "isthmus", "site-a"],
      startOrder: 20,
      guestAgent: false,
      holdsData: true,
      rebuild: undefined,
      pool: undefined,
      user: "isthmus",
      snippetDatastore: "local",
      userDataFile: {
        fileName: "isthmus-k3s-a-agent-1-user-data.yaml",
        fileId: "local:snippets/isthmus-k3s-a-agent-1-user-data.yaml",
      },
      metaDataFile: {
        fileName: "isthmus-k3s-a-agent-1-meta-data.yaml",
        fileId: "local:snippets/isthmus-k3s-a-agent-1-meta-data.yaml",
      },
      from: "Pulumi.site-a.yaml#/nodes/k3s-a-agent-1",
    });
    assert.deepEqual(referencesIn(userData), [
      { $generated: "ssh-host-key/k3s-a-agent-1", part: "privateKey" },
      { $generated: "ssh-host-key/k3s-a-agent-1", part: "publicKey" },
    ]);
    assert.equal(renderMetaData(metaData), "instance-id: k3s-a-agent-1\nlocal-hostname: k3s-a-agent-1\n");
  });

  it("protects etcd servers and data disks, and starts servers first", () => {
    const plans = planMachines(exampleSite);
    assert.deepEqual(
      plans.map(({ holdsData, startOrder }) => [holdsData, startOrder]),
      [
        [true, 10],
        [true, 20],
        [false, 5],
      ],
    );
  });

  it("has the image once on each host that needs it", () => {
    assert.deepEqual(
      planImages(exampleSite).map(({ host, proxmoxNode, file }) => [host, proxmoxNode, file.fileId]),
      [
        ["pve-a-1", "pve1", "local:import/isthmus-site-a-pve-a-1.qcow2"],
        ["pve-a-2", "pve2", "local:import/isthmus-site-a-pve-a-2.qcow2"],
      ],
    );
    const [first] = planImages(exampleSite);
    assert.equal(first?.checksumAlgorithm, "sha512");
    assert.equal(first.checksum.length, 128);
  });
});

const sites: fc.Arbitrary<SiteMachines> = fc
  .array(
    fc.record({
      host: fc.constantFrom("pve-a-1", "pve-a-2"),
      role: fc.constantFrom("server" as const, "agent" as const),
      cores: fc.integer({ min: 1, max: 64 }),
    }),
    { maxLength: 8 },
  )
  .map((drawn) => ({
    ...exampleSite,
    machines: drawn.map(({ host, role, cores }, index): MachineFacts => {
      const [template] = exampleSite.machines;
      assert.ok(template);
      const name = `machine-${index}`;
      const vm = { ...template.vm, host, cores, id: 2000 + index };
      return { name, role, address: `10.0.20.${10 + index}`, vm, from: `Pulumi.site-a.yaml#/nodes/${name}` };
    }),
  }));

describe("the plans of a site", () => {
  it("change for the machine that changed and no other", () => {
    fc.assert(
      fc.property(sites, fc.nat(), fc.constantFrom("cores", "host", "rebuild", "gone"), (site, pick, what) => {
        fc.pre(site.machines.length > 0);
        const index = pick % site.machines.length;
        const machines = site.machines.flatMap((machine, at): MachineFacts[] => {
          if (at !== index) return [machine];
          if (what === "gone") return [];
          const host = machine.vm.host === "pve-a-1" ? "pve-a-2" : "pve-a-1";
          const changes = { cores: { cores: machine.vm.cores + 1 }, host: { host }, rebuild: { rebuild: "now" } }[what];
          return [{ ...machine, vm: { ...machine.vm, ...changes } }];
        });
        const before = planMachines(site);
        const after = planMachines({ ...site, machines });
        const changed = before.filter(
          (plan) => JSON.stringify(plan) !== JSON.stringify(after.find(({ name }) => name === plan.name)),
        );
        assert.deepEqual(
          changed.map(({ name }) => name),
          [`machine-${index}`],
        );
      }),
    );
  });

  it("are made few at a time on each host, whatever the width", () => {
    fc.assert(
      fc.property(sites, fc.integer({ min: 1, max: 4 }), (site, width) => {
        const plans = planMachines(site);
        const lanes = cloneLanes(plans, width);
        for (const host of ["pve-a-1", "pve-a-2"]) {
          const onHost = plans.filter((plan) => plan.host === host).map(({ name }) => name);
          const heads = onHost.filter((name) => lanes[name] === undefined);
          assert.equal(heads.length, Math.min(width, onHost.length));
          const before = onHost.flatMap((name) => lanes[name] ?? []);
          assert.equal(new Set(before).size, before.length, "a lane forks");
          for (const name of onHost) {
            const earlier = lanes[name];
            if (earlier !== undefined)
              assert.ok(onHost.indexOf(earlier) < onHost.indexOf(name) && onHost.includes(earlier));
          }
        }
      }),
    );
  });

  it("have ids of their own, or say which two have the same", () => {
    fc.assert(
      fc.property(sites, fc.nat(), fc.nat(), (site, a, b) => {
        fc.pre(site.machines.length > 1 && a % site.machines.length !== b % site.machines.length);
        assert.deepEqual(checkMachines(site), []);
        const [taken, thief] = [site.machines[a % site.machines.length], site.machines[b % site.machines.length]];
        assert.ok(taken && thief);
        const machines = site.machines.map((machine) =>
          machine === thief ? { ...machine, vm: { ...machine.vm, id: taken.vm.id } } : machine,
        );
        const [only, ...others] = checkMachines({ ...site, machines });
        assert.deepEqual(others, []);
        assert.equal(only?.rule, "vm-id-twice");
        assert.match(only.problem, new RegExp(`${taken.vm.id}.*(${taken.name}|${thief.name})`));
      }),
    );
  });
});

describe("checkMachines", () => {
  const [server, agent, other] = exampleSite.machines;
  assert.ok(server && agent && other);

  it("lets hosts outside the cluster use the same id", () => {
    const { proxmox } = exampleSite;
    const api = { ...proxmox.api, endpoint: "https://pve-a-2:8006" };
    const apart = {
      ...proxmox,
      hypervisors: { ...proxmox.hypervisors, "pve-a-2": { node: "pve", address: "10.0.10.12", api } },
    };
    const machines = [server, { ...other, vm: { ...other.vm, id: server.vm.id } }];
    assert.deepEqual(checkMachines({ ...exampleSite, machines, proxmox: apart }), []);
    assert.equal(checkMachines({ ...exampleSite, machines }).length, 1);
  });

  it("sees a MAC address that two machines have", () => {
    const machines = [other, { ...agent, vm: { ...agent.vm, mac: other.vm.mac } }];
    assert.deepEqual(
      checkMachines({ ...exampleSite, machines }).map(({ rule, at }) => [rule, at]),
      [["mac-twice", "Pulumi.site-a.yaml#/nodes/k3s-a-agent-1/vm/mac"]],
    );
  });
});
