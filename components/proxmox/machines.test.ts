import assert from "node:assert/strict";
import {
  runtime,
  secret,
  type CustomResourceOptions,
  type Resource,
  type ResourceTransformationArgs,
} from "@pulumi/pulumi";
import { exampleSite } from "./testing.ts";
import { Machines } from "./machines.ts";
import type { SiteMachines } from "./plan.ts";

/** What the engine would be told of a resource. */
interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly provider: string | undefined;
}

/** What the constructor said of it, beside its inputs. */
interface Options {
  readonly parent: string | undefined;
  readonly after: readonly string[];
  readonly options: CustomResourceOptions;
}

const keyPair = { privateKeyOpenssh: "PRIVATE canary\n", publicKeyOpenssh: "ssh-ed25519 AAAAhost\n" };

/** Outputs of the types that may be registered, as their providers give them; any other type is an error. */
const outputsOf: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>> = {
  "pulumi:pulumi:Stack": (inputs) => inputs,
  "isthmus:proxmox:Machines": (inputs) => inputs,
  "isthmus:proxmox:Hypervisors": (inputs) => inputs,
  "isthmus:proxmox:Machine": (inputs) => inputs,
  "pulumi:providers:proxmoxve": (inputs) => inputs,
  "proxmoxve:download/file:File": (inputs) => inputs,
  "proxmoxve:index/fileLegacy:FileLegacy": (inputs) => inputs,
  "tls:index/privateKey:PrivateKey": (inputs) => ({ ...inputs, ...keyPair }),
  "proxmoxve:index/vmLegacy:VmLegacy": (inputs) => ({
    ...inputs,
    networkDevices: (inputs["networkDevices"] as Record<string, unknown>[]).map((device) => ({
      macAddress: "BC:24:11:AA:AA:AA",
      ...device,
    })),
  }),
};

async function registered(site: SiteMachines) {
  const seen = new Map<string, Registered>();
  const options = new Map<string, Options>();
  const record = ({ resource, name, opts }: ResourceTransformationArgs): undefined => {
    const { parent, dependsOn = [] } = opts as CustomResourceOptions;
    options.set(name, {
      parent: parent === undefined ? undefined : nameOf(parent),
      after: (dependsOn as Resource[]).map(nameOf),
      options: opts,
    });
    names.set(resource, name);
  };
  const names = new Map<Resource, string>();
  const nameOf = (resource: Resource): string => names.get(resource) ?? "?";
  await runtime.setMocks({
    newResource: ({ type, name, inputs, provider }) => {
      const outputs = outputsOf[type];
      if (outputs === undefined) throw new Error(`unexpected resource ${type}`);
      seen.set(name, { type, name, inputs: inputs as Record<string, unknown>, provider });
      const id = type.includes("vmLegacy") ? String((inputs as { vmId: number }).vmId) : `${name}-id`;
      return { id, state: outputs(inputs as Record<string, unknown>) };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  });
  const connections: Record<string, unknown> = {};
  await runtime.runInPulumiStack(() => {
    const secretValue = (name: string) => secret(`value of ${name}`);
    const { machines } = new Machines("machines", { machines: site, secretValue }, { transformations: [record] });
    for (const machine of Object.values(machines)) {
      const { name, address, port, user } = machine;
      machine.machineId.apply((machineId) =>
        machine.hostKey.apply((hostKey) => {
          connections[name] = { address, port, user, hostKey, machineId };
        }),
      );
    }
    return Promise.resolve({});
  });
  await runtime.disconnect();
  const find = (name: string): Registered & Options => {
    const [resource, how] = [seen.get(name), options.get(name)];
    assert.ok(resource && how, `${name} is not registered; these are: ${[...seen.keys()].join(", ")}`);
    return { ...resource, ...how };
  };
  return { find, seen: [...seen.values()].filter(({ type }) => type !== "pulumi:pulumi:Stack"), connections };
}

/** A secret as mocks see it. */
const unsealed = (value: unknown): unknown => (value as { readonly value: unknown }).value;

describe("the machines of a site", () => {
  let site: Awaited<ReturnType<typeof registered>>;
  before(async () => {
    site = await registered(exampleSite);
  });

  it("are these resources, each below its owner", () => {
    assert.deepEqual(
      site.seen.map(({ type, name }) => [site.find(name).parent, type, name]).sort(),
      [
        [undefined, "isthmus:proxmox:Machines", "machines"],
        ["machines", "isthmus:proxmox:Hypervisors", "machines-hypervisors"],
        ["machines-hypervisors", "pulumi:providers:proxmoxve", "machines-hypervisors-cluster"],
        ...["pve-a-1", "pve-a-2"].map((host) => [
          "machines-hypervisors",
          "proxmoxve:download/file:File",
          `machines-hypervisors-${host}-image`,
        ]),
        ...["k3s-a-server-1", "k3s-a-agent-1", "k3s-a-agent-2"].flatMap((name) => [
          ["machines", "isthmus:proxmox:Machine", name],
          [name, "tls:index/privateKey:PrivateKey", `${name}-host-key`],
          [name, "proxmoxve:index/fileLegacy:FileLegacy", `${name}-user-data`],
          [name, "proxmoxve:index/fileLegacy:FileLegacy", `${name}-meta-data`],
          [name, "proxmoxve:index/vmLegacy:VmLegacy", `${name}-vm`],
        ]),
      ].sort(),
    );
  });

  it("reach the API with a token and hosts with a key, both secret, and verify certificates", () => {
    const { inputs } = site.find("machines-hypervisors-cluster");
    assert.equal(inputs["endpoint"], "https://pve.site-a.home.arpa:8006");
    assert.equal(inputs["insecure"], "false");
    assert.equal(unsealed(inputs["apiToken"]), "isthmus@pve!isthmus=value of proxmoxToken");
    assert.deepEqual(JSON.parse(unsealed(inputs["ssh"]) as string), {
      agent: false,
      username: "isthmus",
      privateKey: "value of proxmoxSshKey",
      nodes: [
        { name: "pve1", address: "10.0.10.11" },
        { name: "pve2", address: "10.0.10.12" },
      ],
    });
  });

  it("share one download of the image on each host, checked against its digest", () => {
    const { inputs, options } = site.find("machines-hypervisors-pve-a-1-image");
    assert.deepEqual(inputs, {
      nodeName: "pve1",
      datastoreId: "local",
      contentType: "import",
      fileName: "isthmus-site-a-pve-a-1.qcow2",
      url: exampleSite.proxmox.image.url,
      checksum: "0123456789abcdef".repeat(8),
      checksumAlgorithm: "sha512",
      overwrite: false,
      overwriteUnmanaged: true,
      uploadTimeout: 3600,
    });
    assert.equal(options.deleteBeforeReplace, true);
  });

  it("are made from these inputs", () => {
    assert.deepEqual(site.find("k3s-a-agent-1-vm").inputs, {
      name: "k3s-a-agent-1",
      nodeName: "pve1",
      vmId: 2011,
      description: "Managed by Isthmus: change the stack file, not the VM.",
      tags: ["agent", "isthmus", "site-a"],
      onBoot: true,
      startup: { order: 20 },
      cpu: { cores: 2, type: "x86-64-v2-AES" },
      memory: { dedicated: 8192 },
      machine: "q35",
      operatingSystem: { type: "l26" },
      serialDevices: [{ device: "socket" }],
      scsiHardware: "virtio-scsi-single",
      disks: [
        {
          interface: "scsi0",
          datastoreId: "local-lvm",
          size: 40,
          discard: "on",
          iothread: true,
          importFrom: "local:import/isthmus-site-a-pve-a-1.qcow2",
        },
        { interface: "scsi1", datastoreId: "local-lvm", size: 1024, discard: "on", iothread: true },
      ],
      networkDevices: [{ bridge: "vmbr0", model: "virtio", vlanId: 20 }],
      initialization: {
        datastoreId: "local-lvm",
        ipConfigs: [{ ipv4: { address: "10.0.20.11/24", gateway: "10.0.20.1" } }],
        dns: { domain: "site-a.home.arpa", servers: ["10.0.20.1"] },
        userDataFileId: "local:snippets/isthmus-k3s-a-agent-1-user-data.yaml",
        metaDataFileId: "local:snippets/isthmus-k3s-a-agent-1-meta-data.yaml",
      },
      agent: { enabled: false },
      stopOnDestroy: true,
      rebootAfterUpdate: false,
      migrate: true,
      deleteUnreferencedDisksOnDestroy: false,
    });
  });

  it("are made after their image, their cloud-init files and, where the lane is full, an earlier VM", async () => {
    assert.deepEqual(site.find("k3s-a-agent-1-vm").after, [
      "machines-hypervisors-pve-a-1-image",
      "k3s-a-agent-1-user-data",
      "k3s-a-agent-1-meta-data",
    ]);
    const narrow = await registered({ ...exampleSite, proxmox: { ...exampleSite.proxmox, parallelClones: 1 } });
    assert.equal(narrow.find("k3s-a-agent-1-vm").after[3], "k3s-a-server-1-vm");
    assert.equal(narrow.find("k3s-a-server-1-vm").after.length, 3);
    assert.equal(narrow.find("k3s-a-agent-2-vm").after.length, 3, "another host is another lane");
  });

  it("are replaced by nothing but their rebuild marker, and not at all while they hold data", () => {
    for (const [name, protect, rebuild] of [
      ["k3s-a-server-1", true, ""],
      ["k3s-a-agent-1", true, ""],
      ["k3s-a-agent-2", false, "2026-11-21"],
    ] as const) {
      const { options } = site.find(`${name}-vm`);
      assert.equal(options.protect, protect, name);
      assert.deepEqual(options.ignoreChanges, ["initialization", "disks[0].importFrom"]);
      assert.equal(options.replacementTrigger, rebuild);
      assert.equal(options.deleteBeforeReplace, true);
    }
  });

  it("get a host key over cloud-init, in a file that is secret as a whole", () => {
    const { inputs, options } = site.find("k3s-a-server-1-user-data");
    const { fileName, data: text } = unsealed(inputs["sourceRaw"]) as { fileName: string; data: string };
    assert.equal(fileName, "isthmus-k3s-a-server-1-user-data.yaml");
    assert.match(text, /^#cloud-config\nhostname: k3s-a-server-1\n/);
    assert.match(text, /ed25519_private: \|\n {4}PRIVATE canary\n {2}ed25519_public: ssh-ed25519 AAAAhost\n/);
    assert.deepEqual(options.additionalSecretOutputs, ["sourceRaw"]);
    assert.equal(options.deleteBeforeReplace, true);
    const others = site.seen.filter(({ name }) => !name.endsWith("-user-data"));
    assert.doesNotMatch(JSON.stringify(others), /canary/);
  });

  it("say how they are reached, and who they are", () => {
    assert.deepEqual(site.connections, {
      "k3s-a-server-1": {
        address: "10.0.20.10",
        port: 22,
        user: "isthmus",
        hostKey: "ssh-ed25519 AAAAhost",
        machineId: "2010//BC:24:11:AA:AA:AA",
      },
      "k3s-a-agent-1": {
        address: "10.0.20.11",
        port: 22,
        user: "isthmus",
        hostKey: "ssh-ed25519 AAAAhost",
        machineId: "2011//BC:24:11:AA:AA:AA",
      },
      "k3s-a-agent-2": {
        address: "10.0.20.12",
        port: 22,
        user: "isthmus",
        hostKey: "ssh-ed25519 AAAAhost",
        machineId: "2012/2026-11-21/BC:24:11:00:20:12",
      },
    });
  });

  it("have a provider of their own on a host outside the cluster, with any certificate only by exception", async () => {
    const { proxmox } = exampleSite;
    const api = {
      endpoint: "https://10.0.10.12:8006",
      token: { id: "isthmus@pve!b", secret: "otherToken" },
      acceptAnyCertificate: { because: "a cable between two machines on one desk" },
    };
    const apart = {
      ...proxmox,
      hypervisors: { ...proxmox.hypervisors, "pve-a-2": { node: "pve", address: "10.0.10.12", api } },
    };
    const { find } = await registered({ ...exampleSite, proxmox: apart });
    const own = find("machines-hypervisors-pve-a-2").inputs;
    assert.equal(own["insecure"], "true");
    assert.equal(unsealed(own["apiToken"]), "isthmus@pve!b=value of otherToken");
    assert.equal(find("machines-hypervisors-cluster").inputs["insecure"], "false");
    assert.match(find("k3s-a-agent-2-vm").provider ?? "", /machines-hypervisors-pve-a-2/);
    assert.match(find("k3s-a-server-1-vm").provider ?? "", /machines-hypervisors-cluster/);
  });

  it("use the guest agent without ever waiting for it", async () => {
    const { find } = await registered({ ...exampleSite, proxmox: { ...exampleSite.proxmox, guestAgent: true } });
    assert.deepEqual(find("k3s-a-server-1-vm").inputs["agent"], {
      enabled: true,
      timeout: "30s",
      waitForIp: { disabled: true },
    });
  });
});
