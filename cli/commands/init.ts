import { declare } from "../lib/command/declare.ts";
import { readAs, several, text, type Option } from "../lib/command/option.ts";
import { config, file, newFolder } from "../lib/command/shared.ts";
import { checkAddress, readHardware, readMachine } from "../lib/init/machine.ts";
import { readChecksum, readHostKey, readNetwork, readSite } from "../lib/init/values.ts";

const folder: Option<string> = {
  ...config,
  ...newFolder("where to; it is made where it is not there"),
} as Option<string>;

export const command = declare({
  name: "init",
  summary: "writes a minimal fleet into a folder, and previews it",
  notes:
    "On a terminal it asks for what was not given. It overwrites nothing. The keys of machines are taken from --host-key, " +
    "from the file of known hosts, or asked of the machines themselves.",
  arguments: { folder },
  options: {
    site: readAs("name", "what the site is called, such as home", readSite),
    domain: text("domain", "the private DNS zone of the fleet (default: home.arpa)"),
    node: several(
      readAs("node", "a machine: NAME=ADDRESS, NAME=ADDRESS:ROLE or NAME=ADDRESS:ROLE:MACHINE", readMachine),
    ),
    inventory: file("an Ansible inventory, YAML or INI, whose hosts are machines"),
    machine: readAs(
      "kind",
      "what machines are that do not say: a board such as raspberry-pi-5-8gb, or amd64/4/8Gi",
      readHardware,
    ),
    network: readAs("network", "the network of the machines (default: the /24 of the first one)", readNetwork),
    api: readAs("address", "a free address in that network for the Kubernetes API", checkAddress),
    user: text("user", "who logs in to the machines (default: root)"),
    hostKey: several(readAs("key", "a machine's SSH key: NAME=ssh-ed25519 AAAA…", readHostKey)),
    knownHosts: file("OpenSSH's file of known hosts (default: ~/.ssh/known_hosts)"),
    checksum: several(
      readAs(
        "checksum",
        "of k3s' binary, where Isthmus states none: arm64=SHA256 (default: its publisher is asked)",
        readChecksum,
      ),
    ),
    backend: text("url", "where Pulumi keeps its state, such as file:///mnt/usb/state"),
    standsAt: text("place", "where that is, such as 'a USB disk'"),
    passphraseAt: several(
      text("place", "where you keep the passphrase, in two places (default: password manager, paper in a drawer)"),
    ),
  },
  examples: [
    "init ../homelab",
    "init ../homelab --site home --node pc-1=192.168.1.11 --machine amd64/4/8Gi --api 192.168.1.10 --backend s3://state --stands-at outside",
    "init ../homelab --inventory hosts.yml --machine raspberry-pi-5-8gb",
  ],
  finding: "there are stack files already, or what would be written is not in order",
  needs: [],
  run: async (given) => (await import("./run/init.ts")).init(given),
});
