import assert from "node:assert/strict";
import { parse } from "yaml";
import { maskedUserData, renderUserData } from "./cloud-init.ts";
import { exampleSite, planOf } from "./testing.ts";
import { planMachines } from "./plan.ts";

const agentText = `#cloud-config
hostname: k3s-a-agent-1
fqdn: k3s-a-agent-1.site-a.home.arpa
manage_etc_hosts: true
users:
  - name: isthmus
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUk admin@laptop
disable_root: true
ssh_pwauth: false
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    canary
    -----END OPENSSH PRIVATE KEY-----
  ed25519_public: ssh-ed25519 AAAAhost
package_update: true
package_upgrade: false
packages:
  - ca-certificates
  - curl
  - nfs-common
  - open-iscsi
bootcmd:
  - - sh
    - -c
    - blkid --probe /dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1; [ $? -ne 2 ] || mkfs.ext4 -q -L data /dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1
  - - sh
    - -c
    - mountpoint -q /var/lib/longhorn || { mkdir -p /var/lib/longhorn; chattr +i /var/lib/longhorn; }
mounts:
  - - /dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1
    - /var/lib/longhorn
    - ext4
    - defaults,nofail,x-systemd.device-timeout=30s
    - "0"
    - "2"
runcmd:
  - - systemctl
    - enable
    - --now
    - iscsid.service
`;

const hostKey = {
  privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n-----END OPENSSH PRIVATE KEY-----\n",
  publicKey: "ssh-ed25519 AAAAhost",
};

describe("cloud-init's text", () => {
  it("is exactly this for an agent with a data disk", () => {
    const text = renderUserData(planOf("k3s-a-agent-1").userData, (reference) =>
      "part" in reference && reference.part === "privateKey" ? hostKey.privateKey : hostKey.publicKey,
    );
    assert.equal(text, agentText);
  });

  it("can be shown without the private key", () => {
    const text = maskedUserData(planOf("k3s-a-agent-1").userData);
    assert.match(text, /ed25519_private: "?\(generated:ssh-host-key\/k3s-a-agent-1, part:privateKey\)"?\n/);
    assert.doesNotMatch(text, /BEGIN/);
  });

  it("formats no disk and waits for none where there is no data disk", () => {
    const data = planOf("k3s-a-server-1").userData;
    assert.equal("bootcmd" in data || "mounts" in data, false);
  });

  it("installs the guest agent only where it is asked for", () => {
    const site = { ...exampleSite, proxmox: { ...exampleSite.proxmox, guestAgent: true } };
    const document = parse(maskedUserData(planOf("k3s-a-server-1", site).userData)) as Record<string, unknown>;
    assert.deepEqual(document["packages"], ["ca-certificates", "curl", "nfs-common", "open-iscsi", "qemu-guest-agent"]);
    assert.deepEqual(document["runcmd"], [
      ["systemctl", "enable", "--now", "iscsid.service"],
      ["systemctl", "enable", "--now", "qemu-guest-agent.service"],
    ]);
  });

  it("tells nothing of k3s", () => {
    for (const { userData } of planMachines(exampleSite)) {
      const keys = JSON.stringify(userData).replaceAll(/k3s-a-[a-z]+-\d/g, "");
      assert.doesNotMatch(keys, /k3s|rancher|6443/);
    }
  });
});

/** Sites of up to eight machines with ids and hosts of their own. */
