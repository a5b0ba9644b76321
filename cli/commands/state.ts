import { declare, type Group } from "../lib/command/declare.ts";
import { flag, required, text } from "../lib/command/option.ts";
import { config, confirm, folder, newFolder, site } from "../lib/command/shared.ts";

const check = declare({
  name: "check",
  summary: "compares what fleet.state says with what is",
  arguments: {},
  options: {
    config,
    copies: newFolder("where `backup` wrote to; default: fleet.state.copyAt, where that is a folder here"),
  },
  examples: ["state check"],
  finding: "the states are not where, or not as, the stack files say",
  needs: ["stack files", "Pulumi CLI", "passphrase"],
  run: async (given) => (await import("./run/state.ts")).check(given),
});

const backup = declare({
  name: "backup",
  summary: "copies every stack's state, encrypted as it is",
  notes: "The copy is a folder with the date in its name.",
  arguments: {},
  options: { config, to: newFolder("the folder above it; default: state-copies beside the stack files") },
  examples: ["state backup --to /mnt/other"],
  finding: "there is nothing to copy",
  needs: ["Pulumi CLI"],
  run: async (given) => (await import("./run/state.ts")).takeBackup(given),
});

const restore = declare({
  name: "restore",
  summary: "puts states back from a copy",
  notes: "The backend may be empty.",
  arguments: {
    folder: required(folder("what `backup` wrote, such as state-copies/2026-11-21T09-30-00.000Z")),
    only: { ...text("site", "only this one"), completes: "sites" },
  },
  options: { config, force: flag("take the place of newer states too") },
  examples: ["state restore state-copies/2026-11-21T09-30-00.000Z site-a"],
  finding: "a copy is damaged, or older than what it would take the place of",
  needs: ["Pulumi CLI", "passphrase"],
  run: async (given) => (await import("./run/state.ts")).putBack(given),
});

const forgetHost = declare({
  name: "forget-host",
  summary: "takes a Proxmox host that is gone for good out of a site's state",
  notes: "What was on it is forgotten, too, so that `up` goes on.",
  arguments: {
    site,
    host: required(text("host", "the physical host, as hosts of the site names it, such as pve-a-2")),
  },
  options: { config, confirm },
  examples: ["state forget-host site-a pve-a-2"],
  finding: "it was not confirmed, or the host is not gone",
  needs: ["Pulumi CLI"],
  run: async (given) => {
    const { forgetHost: forget } = await import("../lib/state/forget-host.ts");
    return (await forget(given)) ? 0 : 1;
  },
});

export const command: Group = {
  name: "state",
  summary: "checks the stacks' states, copies them, puts them back",
  commands: [check, backup, restore, forgetHost],
};
