import type { MachineConnection } from "@isthmus/core";
import { FileLegacy } from "@muhlba91/pulumi-proxmoxve/fileLegacy.js";
import { VmLegacy, type VmLegacyArgs } from "@muhlba91/pulumi-proxmoxve/vmLegacy.js";
import {
  all,
  ComponentResource,
  interpolate,
  secret,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import { renderMetaData, renderUserData } from "./cloud-init.ts";
import type { Hypervisor } from "./hypervisors.ts";
import type { HostFile, VmPlan } from "./plan.ts";

export interface MachineArgs {
  readonly plan: VmPlan;
  readonly hypervisor: Hypervisor;
  /** The VM that is made before this one: the same host makes few at a time. */
  readonly after?: Machine | undefined;
}

/** A VM on Proxmox that answers SSH with a host key known beforehand. */
export class Machine extends ComponentResource implements MachineConnection {
  readonly name: string;
  readonly address: string;
  readonly port = 22;
  readonly user: string;
  readonly hostKey: Output<string>;
  readonly machineId: Output<string>;
  /** What the next VM of the lane waits for. */
  readonly vm: VmLegacy;

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    const { plan, hypervisor } = args;
    super("isthmus:proxmox:Machine", name, { plan }, options);
    const key = this.makeHostKey(name);
    const files = this.cloudInitFiles(name, { plan, hypervisor, key });
    this.vm = this.makeVm(name, args, files);

    this.name = plan.name;
    this.address = plan.address.split("/")[0] ?? "";
    this.user = plan.user;
    this.hostKey = key.publicKeyOpenssh.apply((text) => text.trim());
    this.machineId = interpolate`${this.vm.id}/${plan.rebuild ?? ""}/${firstMac(this.vm)}`;
    this.registerOutputs({
      address: this.address,
      user: this.user,
      hostKey: this.hostKey,
      machineId: this.machineId,
    });
  }

  /** The key outlives the VM: who pinned it needs no new one after a rebuild. */
  private makeHostKey(name: string): PrivateKey {
    return new PrivateKey(`${name}-host-key`, { algorithm: "ED25519" }, { parent: this });
  }

  private cloudInitFiles(
    name: string,
    { plan, hypervisor, key }: { plan: VmPlan; hypervisor: Hypervisor; key: PrivateKey },
  ): FileLegacy[] {
    const snippet = (suffix: string, file: HostFile, data: Input<string>): FileLegacy =>
      new FileLegacy(
        `${name}-${suffix}`,
        {
          nodeName: plan.proxmoxNode,
          datastoreId: plan.snippetDatastore,
          contentType: "snippets",
          sourceRaw: { fileName: file.fileName, data },
        },
        // Same file name before and after: the old one must be gone before the new one is written.
        {
          parent: this,
          provider: hypervisor.provider,
          deleteBeforeReplace: true,
          additionalSecretOutputs: ["sourceRaw"],
        },
      );
    return [
      snippet("user-data", plan.userDataFile, secretUserData(plan, key)),
      snippet("meta-data", plan.metaDataFile, renderMetaData(plan.metaData)),
    ];
  }

  private makeVm(name: string, { plan, hypervisor, after }: MachineArgs, files: FileLegacy[]): VmLegacy {
    return new VmLegacy(`${name}-vm`, vmArgs(plan), {
      parent: this,
      provider: hypervisor.provider,
      dependsOn: [hypervisor.image, ...files, ...(after === undefined ? [] : [after.vm])],
      protect: plan.holdsData,
      // Explicit ids: the old VM must be gone before the new one is made.
      deleteBeforeReplace: true,
      // What cloud-init and the image say is for the first start: an edit waits until `rebuild` changes, which takes all.
      ignoreChanges: ["initialization", "disks[0].importFrom"],
      replacementTrigger: plan.rebuild ?? "",
    });
  }
}

function secretUserData(plan: VmPlan, key: PrivateKey): Output<string> {
  return secret(
    all([key.privateKeyOpenssh, key.publicKeyOpenssh]).apply(([privateKey, publicKey]) =>
      renderUserData(plan.userData, (reference) => {
        if (!("part" in reference)) throw new Error(`cloud-init refers to ${JSON.stringify(reference)}`);
        return reference.part === "privateKey" ? privateKey : publicKey.trim();
      }),
    ),
  );
}

/** A VM without a MAC address of its own gets a random one when it is made: so it says which VM this is. */
const firstMac = (vm: VmLegacy): Output<string> => vm.networkDevices.apply((devices) => devices[0]?.macAddress ?? "");

/** The plan in the provider's terms. File ids are plain text, not outputs: a file that is written anew replaces no VM. */
function vmArgs(plan: VmPlan): VmLegacyArgs {
  return {
    name: plan.name,
    nodeName: plan.proxmoxNode,
    vmId: plan.vmId,
    ...(plan.pool === undefined ? {} : { poolId: plan.pool }),
    description: "Managed by Isthmus: change the stack file, not the VM.",
    tags: [...plan.tags],
    onBoot: true,
    startup: { order: plan.startOrder },
    cpu: { cores: plan.cores, type: plan.cpuType },
    memory: { dedicated: plan.memoryMebibytes },
    machine: "q35",
    operatingSystem: { type: "l26" },
    // Cloud images write to the serial console, and some do not start without one.
    serialDevices: [{ device: "socket" }],
    scsiHardware: "virtio-scsi-single",
    disks: plan.disks.map((disk) => ({
      interface: disk.interface,
      datastoreId: disk.datastore,
      size: disk.sizeGibibytes,
      discard: "on",
      iothread: true,
      ...(disk.image === undefined ? {} : { importFrom: disk.image }),
    })),
    networkDevices: [
      {
        bridge: plan.bridge,
        model: "virtio",
        ...(plan.vlan === undefined ? {} : { vlanId: plan.vlan }),
        ...(plan.mac === undefined ? {} : { macAddress: plan.mac }),
      },
    ],
    initialization: {
      datastoreId: plan.disks[0]?.datastore ?? "",
      ipConfigs: [{ ipv4: { address: plan.address, gateway: plan.gateway } }],
      dns: { domain: plan.searchDomain, servers: [...plan.nameservers] },
      userDataFileId: plan.userDataFile.fileId,
      metaDataFileId: plan.metaDataFile.fileId,
    },
    // Nothing reads what the agent reports: addresses are static.
    agent: plan.guestAgent ? { enabled: true, timeout: "30s", waitForIp: { disabled: true } } : { enabled: false },
    stopOnDestroy: true,
    // Several servers that restart at once lose quorum: changes of memory or CPU wait for a restart, node by node.
    rebootAfterUpdate: false,
    migrate: true,
    deleteUnreferencedDisksOnDestroy: false,
  };
}
