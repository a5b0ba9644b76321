import { k3sSettings, type K3sSettings, type K3sSettingsInput } from "@isthmus/k3s";

const sum = "a".repeat(64);

/** Settings of a cluster whose hosts are looked at, and where nothing is installed: the disks of test hosts hold 10 MiB for it. */
export function lookedAtSettings(changes: Partial<K3sSettingsInput> = {}): K3sSettings {
  return k3sSettings.parse({
    version: "v1.34.3+k3s1",
    checksums: { installer: sum, amd64: { binary: sum }, arm64: { binary: sum } },
    source: { folder: "/srv/k3s" },
    api: { kind: "external", address: "10.99.255.1" },
    diskMib: 10,
    ...changes,
  });
}
