import { generated, isReference, toYaml, type Reference, type Values } from "@isthmus/core";

/** What cloud-init is told of a machine. Nothing of k3s: what a cluster needs may change without making a machine anew. */
export interface CloudInitFacts {
  readonly name: string;
  readonly domain: string;
  readonly user: string;
  readonly authorizedKeys: readonly string[];
  readonly guestAgent: boolean;
  /** Where the data disk is mounted; absent where there is none. */
  readonly dataMountPath?: string | undefined;
}

/** What k3s, Longhorn (open-iscsi) and NFS volumes need of the operating system. */
const packages = ["ca-certificates", "curl", "nfs-common", "open-iscsi"];

/** The second SCSI disk under a name that does not depend on the order in which Linux finds disks. */
const dataDisk = "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1";

/** The name under which a machine's SSH host key is referred to. */
export const hostKeyName = (machine: string): string => `ssh-host-key/${machine}`;

/** User data of a machine: plain, but for its SSH host key, which is made with the machine. */
export function userData(facts: CloudInitFacts): Values {
  return {
    hostname: facts.name,
    fqdn: `${facts.name}.${facts.domain}`,
    manage_etc_hosts: true,
    users: [
      {
        name: facts.user,
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [...facts.authorizedKeys],
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: generated(hostKeyName(facts.name), "privateKey"),
      ed25519_public: generated(hostKeyName(facts.name), "publicKey"),
    },
    package_update: true,
    package_upgrade: false,
    packages: [...packages, ...(facts.guestAgent ? ["qemu-guest-agent"] : [])],
    ...(facts.dataMountPath === undefined ? {} : dataDiskSteps(facts.dataMountPath)),
    runcmd: [
      ["systemctl", "enable", "--now", "iscsid.service"],
      ...(facts.guestAgent ? [["systemctl", "enable", "--now", "qemu-guest-agent.service"]] : []),
    ],
  };
}

/**
 * A file system where there is none: `blkid` ends with 2 on an empty disk only, so that data is never formatted away.
 * Without the disk the machine starts all the same (`nofail`), and can be reached. The folder below it takes nothing: what
 * would be written there fills the disk of the system, and is out of sight when the disk comes.
 */
function dataDiskSteps(mountPath: string): Values {
  const seal = `mountpoint -q ${mountPath} || { mkdir -p ${mountPath}; chattr +i ${mountPath}; }`;
  const format = `blkid --probe ${dataDisk}; [ $? -ne 2 ] || mkfs.ext4 -q -L data ${dataDisk}`;
  return {
    bootcmd: [
      ["sh", "-c", format],
      ["sh", "-c", seal],
    ],
    mounts: [[dataDisk, mountPath, "ext4", "defaults,nofail,x-systemd.device-timeout=30s", "0", "2"]],
  };
}

/**
 * The machine's identity for cloud-init. Without it Proxmox derives one from the user data, and every edit of that would
 * be applied to a running machine at its next start, as if it were a new one.
 */
export function metaData(name: string): Values {
  return { "instance-id": name, "local-hostname": name };
}

/** Cloud-init's text, with each reference replaced by what `resolve` says. */
export function renderUserData(data: Values, resolve: (reference: Reference) => string): string {
  return `#cloud-config\n${toYaml(fill(data, resolve))}`;
}

/** The text as it may be shown: the private key is left out. */
export function maskedUserData(data: Values): string {
  return renderUserData(
    data,
    (reference) =>
      `(${JSON.stringify(reference)
        .replace(/[{}"$]/g, "")
        .replace(",", ", ")})`,
  );
}

export const renderMetaData = (data: Values): string => toYaml(data);

function fill(value: unknown, resolve: (reference: Reference) => string): unknown {
  if (isReference(value)) return resolve(value);
  if (Array.isArray(value)) return value.map((item) => fill(item, resolve));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, resolve)]));
}
