import { boardNames, hostSchema, linuxUser, missingSizes } from "@isthmus/hosts";
import { k3sSettings } from "@isthmus/k3s";
import { hypervisorSchema, proxmoxSchema, vmSchema } from "@isthmus/proxmox";
import { z } from "zod";
import { address, addressRange, bytes, cidr, cores, labels, name, secretName, taint } from "./shapes.ts";

const network = z.strictObject({
  cidr: cidr.describe("The network's addresses, such as 10.0.20.0/24."),
  gateway: address
    .optional()
    .describe("The router's address in it. Needed where VMs are in it, as cloud-init is told it. Default: not stated."),
  dns: z
    .array(address)
    .min(1)
    .optional()
    .describe("Name servers that its machines ask. Needed where VMs are in it. Default: not stated."),
});

const sizeOnTheMachine = {
  architecture: "`uname -m`: aarch64 is arm64, x86_64 is amd64",
  cores: "`nproc`",
  memory: "`free -h`",
} as const;

const machineShape = hostSchema.extend({
  board: z
    .enum(boardNames)
    .optional()
    .describe("What it is, such as raspberry-pi-5-8gb: that states architecture, cores and memory. Default: none."),
  architecture: z
    .enum(["amd64", "arm64"])
    .optional()
    .describe("CPU architecture; a Raspberry Pi 4 or 5 is arm64. Default: the board's."),
  cores: cores.optional().describe("CPU cores. Default: the board's."),
  memory: bytes.optional().describe("Memory, such as 8Gi. Default: the board's."),
  disk: bytes
    .optional()
    .describe("Size of the disk with the operating system. Default: not stated; volumes on it are not judged."),
  data: z
    .strictObject({
      size: bytes.describe("Its size, such as 500Gi."),
      mountPath: z
        .string()
        .regex(/^(\/[-._A-Za-z0-9]+)+$/, "must be an absolute path, such as /var/lib/longhorn")
        .default("/var/lib/longhorn")
        .describe("Where it is mounted. Default: /var/lib/longhorn."),
    })
    .optional()
    .describe("A disk for data that is mounted already. Default: none is known of."),
});

const machine = machineShape
  // For editors: JSON Schema knows no refinement.
  .meta({ anyOf: [{ required: ["board"] }, { required: ["architecture", "cores", "memory"] }] })
  .superRefine((value, context) => {
    const missing = missingSizes(value);
    const [first] = missing;
    if (first === undefined) return;
    const each = missing.map((key) => `${key} (${sizeOnTheMachine[key]})`).join(", ");
    const message = `is missing: board, such as raspberry-pi-5-8gb, or what the machine says of itself: ${each}`;
    context.addIssue({ code: "custom", path: [first], message });
  });

const node = z
  .strictObject({
    role: z.enum(["server", "agent"]).describe("server: control plane and etcd voter; agent: runs pods only."),
    address: address.describe("Its fixed address in one of the site's networks."),
    overlay: address.optional().describe("Its address on the overlay, by which other sites reach it."),
    labels: labels
      .default({})
      .describe("Labels beside those that Isthmus sets (host name, zone, region, architecture)."),
    taints: z.array(taint).default([]).describe("Taints beside the control plane's own."),
    vm: vmSchema.optional().describe("A VM on one of the site's Proxmox hosts, made by Isthmus; excludes machine."),
    machine: machine.optional().describe("A machine that is there, such as a Raspberry Pi; excludes vm."),
  })
  .refine((value) => (value.vm === undefined) !== (value.machine === undefined), "either vm or machine, one of them");

const failure = z.enum(["node", "host", "site", "link"]);

/** What is at one site: `isthmus:site` in Pulumi.<site>.yaml. */
export const siteSchema = z.strictObject({
  networks: z.record(name, network).describe("The site's own networks."),
  hosts: z
    .record(name, hypervisorSchema)
    .default({})
    .describe("Proxmox hosts that carry VMs, by the name of the physical host."),
  proxmox: proxmoxSchema.optional().describe("How Proxmox is reached; left out where the site has no VMs."),
  ssh: z
    .strictObject({
      user: linuxUser
        .default("root")
        .describe(
          "Who logs in to machines that name nobody: root, or somebody who may call sudo without a password. Default: root.",
        ),
      privateKey: secretName
        .default("sshKey")
        .describe("The secret that holds the SSH private key for the machines. Default: sshKey."),
    })
    .prefault({})
    .describe("How the machines are reached."),
  nodes: z.record(name, node).describe("The machines of the cluster, by name. A name is its host name and DNS name."),
  kubernetes: k3sSettings.describe("The site's k3s cluster."),
  workloadsOnServers: z
    .boolean()
    .optional()
    .describe(
      "Lets ordinary pods run on servers. Default: true where all nodes are servers; otherwise false: servers carry the control plane's taint.",
    ),
  pools: z.record(name, addressRange).default({}).describe("Ranges of addresses for load balancers, by name."),
  services: z
    .record(
      name,
      z
        .looseObject({
          service: z
            .string()
            .optional()
            .describe("Which service it is. Default: the one that the instance is called like."),
        })
        .describe("A service's arguments; {} where it needs none."),
    )
    .default({})
    .describe(
      "What runs on the cluster: an instance's name, and its arguments. `service` says what it is, where the name does not.",
    ),
  promises: z
    .record(name, z.array(failure).min(1))
    .default({})
    .describe("For a service, or for kubernetes: the losses that it must survive without a person. Preview checks it."),
});

export type SiteSettings = z.output<typeof siteSchema>;
