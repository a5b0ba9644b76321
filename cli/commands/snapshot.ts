import { declare } from "../lib/command/declare.ts";
import { flag, preset, text } from "../lib/command/option.ts";
import { config, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "snapshot",
  summary: "takes a snapshot of a site's etcd now",
  notes: "It is kept where kubernetes.snapshots says.",
  arguments: { site },
  options: {
    config,
    name: preset(text("name", "what it is called; k3s adds node and time"), "on-demand"),
    list: flag("take none: tell which there are, the oldest first"),
  },
  examples: ["snapshot site-a --name before-the-move", "snapshot site-a --list"],
  finding: "no snapshot was taken",
  needs: ["stack files", "Pulumi CLI", "passphrase", "hosts"],
  run: async ({ list, name, ...at }) => {
    const { snapshot, tell } = await import("./run/snapshot.ts");
    return list ? tell(at) : snapshot({ ...at, name });
  },
});
