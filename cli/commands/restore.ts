import { declare } from "../lib/command/declare.ts";
import { required, text } from "../lib/command/option.ts";
import { config, confirm, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "restore",
  summary: "brings a site's cluster back to a snapshot of etcd",
  notes:
    "What was written after the snapshot is lost. Machines that were replaced need `pulumi up` to know of them first; it may fail at the join.",
  arguments: { site },
  options: {
    config,
    snapshot: required(text("name", "its name, or: latest")),
    confirm,
    continue: text("restore", "go on with a restore that was interrupted, by the name that it told"),
  },
  examples: ["restore site-a --snapshot latest"],
  finding: "it was not confirmed, or a step failed: what is said tells how to go on",
  needs: ["stack files", "Pulumi CLI", "passphrase", "hosts"],
  run: async (given) => (await import("./run/restore.ts")).restore(given),
});
