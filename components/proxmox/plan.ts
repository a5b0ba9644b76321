import { lookUp, toMebibytes, unique, type Bytes, type NodeRole, type SourcePath, type Values } from "@isthmus/core";
import { metaData, userData } from "./cloud-init.ts";
import type { ProxmoxSettings, VmSettings } from "./schema.ts";

/** A machine of a site that is a VM. */
export interface MachineFacts {
  readonly name: string;
  readonly role: NodeRole;
  /** Its IPv4 address on the site's network, without prefix length. */
  readonly address: string;
  readonly vm: VmSettings;
  readonly from: SourcePath;
}

/** What the VMs of a site have in common. */
export interface SiteMachines {
  readonly site: string;
  /** The site's DNS zone. */
  readonly domain: string;
  readonly network: {
    /** In CIDR notation: `10.0.20.0/24`. */
    readonly cidr: string;
    readonly gateway: string;
    readonly nameservers: readonly string[];
  };
  readonly proxmox: ProxmoxSettings;
  readonly machines: readonly MachineFacts[];
}

export interface VmDisk {
  readonly interface: "scsi0" | "scsi1";
  readonly datastore: string;
  readonly sizeGibibytes: number;
  /** Id of the image that the disk starts from; absent: it starts empty. */
  readonly image?: string | undefined;
}

/** A file on a Proxmox host, and the id by which Proxmox knows it. Neither depends on what the file holds. */
export interface HostFile {
  readonly fileName: string;
  readonly fileId: string;
}

/** A VM as it shall be. All of it is plain data; the only references are in `userData`. */
export interface VmPlan {
  readonly name: string;
  /** The physical host. */
  readonly host: string;
  /** That host's node name in Proxmox. */
  readonly proxmoxNode: string;
  readonly vmId: number;
  /** The resource pool that it is made in. */
  readonly pool?: string | undefined;
  readonly cores: number;
  readonly cpuType: string;
  readonly memoryMebibytes: number;
  readonly disks: readonly VmDisk[];
  readonly bridge: string;
  readonly vlan?: number | undefined;
  readonly mac?: string | undefined;
  /** Address with prefix length: `10.0.20.10/24`. */
  readonly address: string;
  readonly gateway: string;
  readonly nameservers: readonly string[];
  readonly searchDomain: string;
  /** Sorted, as Proxmox returns them. */
  readonly tags: readonly string[];
  readonly startOrder: number;
  readonly guestAgent: boolean;
  /** It runs etcd or has a data disk: it is not deleted or replaced before somebody unprotects it. */
  readonly holdsData: boolean;
  readonly rebuild?: string | undefined;
  /** The user that is made on it, who may call sudo. */
  readonly user: string;
  readonly snippetDatastore: string;
  readonly userDataFile: HostFile;
  readonly metaDataFile: HostFile;
  readonly userData: Values;
  readonly metaData: Values;
  readonly from: SourcePath;
}

/** The cloud image on one Proxmox host. */
export interface ImagePlan {
  readonly host: string;
  readonly proxmoxNode: string;
  readonly datastore: string;
  readonly url: string;
  readonly checksum: string;
  readonly checksumAlgorithm: string;
  readonly file: HostFile;
}

/** Servers start before agents: an agent without a server only waits. */
const startOrders: Readonly<Record<NodeRole, number>> = { server: 10, agent: 20 };

/** The VMs of a site, in the order of its machines. Each depends on its own facts and the site's, not on other machines. */
export function planMachines(site: SiteMachines): readonly VmPlan[] {
  return site.machines.map((machine) => planMachine(site, machine));
}

function planMachine(site: SiteMachines, machine: MachineFacts): VmPlan {
  const { name, vm } = machine;
  const { proxmox, network } = site;
  const { snippets } = proxmox.datastores;
  return {
    name,
    host: vm.host,
    proxmoxNode: lookUp(proxmox.hypervisors, vm.host, "Proxmox host").node,
    vmId: vm.id,
    pool: proxmox.pool,
    cores: vm.cores,
    cpuType: proxmox.cpuType,
    memoryMebibytes: toMebibytes(vm.memory),
    disks: planDisks(site, vm),
    bridge: proxmox.bridge,
    vlan: proxmox.vlan,
    mac: vm.mac,
    address: `${machine.address}/${network.cidr.split("/")[1] ?? ""}`,
    gateway: network.gateway,
    nameservers: network.nameservers,
    searchDomain: site.domain,
    tags: ["isthmus", machine.role, site.site].sort(),
    startOrder: vm.startOrder ?? startOrders[machine.role],
    guestAgent: proxmox.guestAgent,
    holdsData: machine.role === "server" || vm.data !== undefined,
    rebuild: vm.rebuild,
    user: proxmox.admin.user,
    snippetDatastore: snippets,
    userDataFile: snippet(snippets, `isthmus-${name}-user-data.yaml`),
    metaDataFile: snippet(snippets, `isthmus-${name}-meta-data.yaml`),
    userData: userData({
      name,
      domain: site.domain,
      user: proxmox.admin.user,
      authorizedKeys: proxmox.admin.authorizedKeys,
      guestAgent: proxmox.guestAgent,
      dataMountPath: vm.data?.mountPath,
    }),
    metaData: metaData(name),
    from: machine.from,
  };
}

/** The cloud image, once for each host that has a VM. */
export function planImages(site: SiteMachines): readonly ImagePlan[] {
  const { proxmox } = site;
  const [checksumAlgorithm = "", checksum = ""] = proxmox.image.checksum.split(":");
  return unique(site.machines.map(({ vm }) => vm.host)).map((host) => ({
    host,
    proxmoxNode: lookUp(proxmox.hypervisors, host, "Proxmox host").node,
    datastore: proxmox.datastores.images,
    url: proxmox.image.url,
    checksum,
    checksumAlgorithm,
    file: imageFile(site, host),
  }));
}

function planDisks(site: SiteMachines, vm: VmSettings): readonly VmDisk[] {
  const datastore = site.proxmox.datastores.disks;
  const system: VmDisk = {
    interface: "scsi0",
    datastore,
    sizeGibibytes: toGibibytes(vm.disk),
    image: imageFile(site, vm.host).fileId,
  };
  return vm.data === undefined
    ? [system]
    : [system, { interface: "scsi1", datastore, sizeGibibytes: toGibibytes(vm.data.size) }];
}

/** Named after the host, so that hosts with a shared storage do not take each other's file away. */
function imageFile({ site, proxmox }: SiteMachines, host: string): HostFile {
  const fileName = `isthmus-${site}-${host}.${proxmox.image.format}`;
  return { fileName, fileId: `${proxmox.datastores.images}:import/${fileName}` };
}

const snippet = (datastore: string, fileName: string): HostFile => ({
  fileName,
  fileId: `${datastore}:snippets/${fileName}`,
});

const toGibibytes = (size: Bytes): number => toMebibytes(size) / 1024;

/**
 * For each VM the one on the same host that is made before it, so that at most `width` are made there at the same time:
 * more lose the storage lock (bpg/terraform-provider-proxmox#995).
 */
export function cloneLanes(plans: readonly VmPlan[], width: number): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    plans.map((plan) => {
      const onHost = plans.filter(({ host }) => host === plan.host);
      return [plan.name, onHost[onHost.indexOf(plan) - width]?.name];
    }),
  );
}
