import { isHostKey, quantityPattern, shapes, urlShape, withMovedKeys } from "@isthmus/core";
import { z } from "zod";

const name = (what: string) =>
  z.string().regex(/^[A-Za-z0-9]([-_.A-Za-z0-9]{0,62}[A-Za-z0-9])?$/, `must be ${what}: letters, digits, - _ .`);

const secretName = z
  .string()
  .regex(
    /^[a-zA-Z][a-zA-Z0-9]{0,62}$/,
    "must be the name of a secret in camelCase such as proxmoxToken, never the secret",
  );

const tokenSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[^\s@!:/=]+@[-.\w]+![-.\w]+$/, "must be the full token id, user@realm!token, such as isthmus@pve!isthmus")
    .refine((id) => !id.startsWith("root@"), {
      error: "must not be a token of root: make a user with the least privileges, see docs/guide/proxmox.md",
    })
    .describe("The token's full id as Proxmox prints it: user@realm!token. A token of root is refused."),
  secret: secretName.describe("Name of the stack's secret that holds the token's value (a UUID)."),
});

const apiSchema = z.strictObject({
  endpoint: urlShape({
    protocol: /^https$/,
    error: "must be the URL of a Proxmox API, such as https://pve.site-a.home.arpa:8006",
  })
    .refine((url) => !url.includes("/api2"), { error: "must end before /api2: the provider adds that itself" })
    .describe("URL of the Proxmox API, such as https://pve.site-a.home.arpa:8006. Its certificate is verified."),
  token: tokenSchema.describe("The API token that Isthmus works with."),
  acceptAnyCertificate: z
    .strictObject({
      because: z
        .string()
        .min(10, "must say why nobody can stand between this computer and Proxmox, in a sentence")
        .describe("Why nobody can stand between this computer and Proxmox."),
    })
    .optional()
    .describe("Does not verify the API's certificate. Rather trust Proxmox' own CA: docs/guide/proxmox.md."),
});

const bytes = z
  .templateLiteral([z.number(), z.enum(["Mi", "Gi", "Ti"])], "must be an amount such as 8Gi")
  .refine((value) => quantityPattern.bytes.test(value) && !value.startsWith("0"), "must be an amount such as 8Gi");

/** A Proxmox host; stands at `hosts` of the site, by the name of the physical host. */
export const hypervisorSchema = z.strictObject({
  address: shapes.address.describe("Its management address, at which SSH reaches it."),
  cores: z.int().min(1).max(512).describe("Its CPUs as Proxmox counts them, threads included."),
  memory: bytes.describe("Memory, such as 64Gi: its machines together may have no more."),
  // https://www.proxmox.com/en/products/proxmox-virtual-environment/requirements: "Intel 64 or AMD64".
  architecture: z
    .enum(["amd64"])
    .default("amd64")
    .describe("CPU architecture: Proxmox VE runs on amd64 alone. Default: amd64."),
  node: name("the node's name in Proxmox")
    .optional()
    .describe("Its node name in Proxmox, as `pvesh get /nodes` prints it. Default: the host's name here."),
  hostKey: z
    .string()
    .refine((key) => isHostKey(key) && !key.startsWith("ssh-rsa "), {
      error: "must be the host's SSH public key, the first two words of its /etc/ssh/ssh_host_ed25519_key.pub",
    })
    .optional()
    .describe(
      "The host's own SSH public key, `ssh-ed25519 AAAA…`: `up` refuses to begin unless ~/.ssh/known_hosts has it, and then a host that shows another one is refused. Default: none, the key that is seen first is trusted.",
    ),
  api: apiSchema.optional().describe("An API of its own, for a host outside the cluster. Default: that of the site."),
});

const imageSchema = z.strictObject({
  url: urlShape({ protocol: /^https?$/, error: "must be a URL that the Proxmox hosts can download" })
    .refine((url) => !/\.(xz|gz|zst|bz2|zip)$/i.test(url), {
      error: "must name an uncompressed image, such as ….qcow2 or ….img",
    })
    .refine((url) => !/arm64|aarch64|armhf|riscv64|ppc64|s390x|i386/i.test(url), {
      error:
        "must name an image for amd64, as Proxmox hosts are: publishers have it beside the others, with amd64 in its name",
    })
    .regex(/(?<!\d)20\d{6}(?!\d)/, "must name a dated build, such as …/20260803-2189/…: what is latest changes")
    .describe("A dated, uncompressed cloud image, such as Debian 13 genericcloud or Ubuntu 24.04 server."),
  checksum: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, "must be sha256: or sha512: and the digest in hexadecimal")
    .describe("Digest that the image's publisher gives: `sha256:…` or `sha512:…`."),
  format: z
    .enum(["qcow2", "raw"])
    .default("qcow2")
    .describe("What the file holds; Ubuntu's .img files hold qcow2. Default: qcow2."),
});

const publicKey = z
  .string()
  .regex(
    /^(ssh-ed25519|sk-ssh-ed25519@openssh\.com|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2}( .*)?$/,
    "must be one line of a .pub file, such as ssh-ed25519 AAAA… me@laptop",
  );

const adminSchema = z.strictObject({
  user: z
    .string()
    .regex(/^[a-z_][-a-z0-9_]{0,31}$/, "must be a Linux user name")
    .refine((user) => user !== "root", { error: "must not be root: root cannot log in to these machines" })
    .default("isthmus")
    .describe("The user that is made on each VM; may call sudo without a password. Default: isthmus."),
  authorizedKeys: z
    .array(publicKey)
    .min(1, "must hold at least one key: without one nobody can log in")
    .describe("SSH public keys that may log in as that user. There is no password."),
});

/** How a site's Proxmox hosts are reached, and what its VMs have in common. */
const proxmoxShape = z.strictObject({
  api: apiSchema.describe("The API of the Proxmox cluster, or of its only host."),
  ssh: z
    .strictObject({
      user: name("a Linux user").describe("User on the Proxmox hosts; needs a few commands with sudo, see the guide."),
      privateKey: secretName.describe("Name of the stack's secret that holds that user's SSH private key."),
    })
    .describe("How cloud-init files reach a Proxmox host: its API cannot take them, so that SSH is needed."),
  datastores: z
    .strictObject({
      disks: name("a Proxmox storage").default("local-lvm").describe("Storage of VM disks. Default: local-lvm."),
      snippets: name("a Proxmox storage").default("local").describe("Storage with content Snippets. Default: local."),
      images: name("a Proxmox storage").default("local").describe("Storage with content Import. Default: local."),
    })
    .prefault({})
    .describe("Proxmox storages, the same on each host."),
  pool: name("a resource pool")
    .optional()
    .describe(
      "Resource pool that the VMs are made in, so that the token has rights on its VMs and on no others. It must exist; root puts VMs into it that exist already. Default: none.",
    ),
  bridge: name("a network bridge").default("vmbr0").describe("Bridge that the VMs are connected to. Default: vmbr0."),
  vlan: z.int().min(1).max(4094).optional().describe("VLAN tag of the VMs' network. Default: untagged."),
  image: imageSchema.describe("The cloud image that VMs are made from. A change touches no VM that exists."),
  admin: adminSchema.describe("Who logs in to the VMs."),
  cpuType: name("a QEMU CPU type")
    .default("x86-64-v2-AES")
    .describe("QEMU CPU type. Default: x86-64-v2-AES, which every host of the last ten years has."),
  guestAgent: z
    .boolean()
    .default(false)
    .describe("Installs and uses the QEMU guest agent. Nothing ever waits for it. Default: false."),
  parallelClones: z
    .int()
    .min(1)
    .max(8)
    .default(2)
    .describe("VMs made at the same time on one host; more lose the storage lock. Default: 2."),
});

export const proxmoxSchema = withMovedKeys(proxmoxShape, {
  hypervisors: {
    to: "hosts",
    fix: "move node (where it is not the host's name), hostKey and api to the host's entry in hosts of the site, and remove hypervisors",
  },
});

const gibibytes = "must be whole Gi or Ti, such as 40Gi: Proxmox knows no smaller unit";
const wholeGibibytes = z
  .templateLiteral([z.number(), z.enum(["Gi", "Ti"])], gibibytes)
  .refine((value) => quantityPattern.bytes.test(value) && !value.startsWith("0"), gibibytes);

/** What makes a machine a VM on Proxmox; stands at the machine. */
export const vmSchema = z.strictObject({
  host: name("the physical host's name").describe("The physical host it runs on: one of the site's hosts."),
  id: z
    .int()
    .min(100, "must be 100 or more: Proxmox keeps lower ids for itself")
    .max(999_999_999)
    .describe("VM id, unique in the Proxmox cluster. A change replaces the VM."),
  cores: z.int().min(1).max(512).describe("CPU cores."),
  memory: bytes.describe("Memory, such as 8Gi. All of it is reserved; a change waits for the next restart."),
  disk: wholeGibibytes.describe("Size of the disk with the operating system, such as 40Gi. Can only grow."),
  data: z
    .strictObject({
      size: wholeGibibytes.describe("Size of the data disk, such as 100Gi. Can only grow."),
      mountPath: z
        .string()
        .regex(/^(\/[-._A-Za-z0-9]+)+$/, "must be an absolute path, such as /var/lib/longhorn")
        .default("/var/lib/longhorn")
        .describe("Where it is mounted. Default: /var/lib/longhorn."),
    })
    .optional()
    .describe("A second disk for data. A machine that has one is protected from deletion."),
  startOrder: z
    .int()
    .min(1)
    .optional()
    .describe("Order in which its host starts it after a power cut. Default: servers 10, agents 20."),
  mac: z
    .string()
    .regex(/^[0-9A-F][02468ACE](:[0-9A-F]{2}){5}$/, "must be a unicast MAC address in capitals: BC:24:11:00:20:10")
    .optional()
    .describe("MAC address, such as BC:24:11:00:20:10. Default: Proxmox chooses one."),
  rebuild: z
    .string()
    .regex(/^[-._A-Za-z0-9]{1,64}$/, "must be a word, such as a date: 2026-11-21")
    .optional()
    .describe("Any word. A change of it, and nothing else, replaces the VM: its disks are lost. One at a time."),
});

/** What Proxmox is told of a host. */
interface HypervisorSettings extends Pick<z.infer<typeof hypervisorSchema>, "address" | "hostKey" | "api"> {
  readonly node: string;
}

export interface ProxmoxSettings extends z.infer<typeof proxmoxSchema> {
  /** By the name of the physical host. */
  readonly hypervisors: Readonly<Record<string, HypervisorSettings>>;
}

/** The host's name is that of its node where nothing else is said. */
export function hypervisorsOf(
  hosts: Readonly<Record<string, z.infer<typeof hypervisorSchema>>>,
): ProxmoxSettings["hypervisors"] {
  return Object.fromEntries(
    Object.entries(hosts).map(([name, { node = name, address, hostKey, api }]) => [
      name,
      { node, address, hostKey, api },
    ]),
  );
}
export type ApiSettings = z.infer<typeof apiSchema>;
export type VmSettings = z.infer<typeof vmSchema>;
