import { declare } from "../lib/command/declare.ts";
import { flag } from "../lib/command/option.ts";
import { config, confirm, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "destroy",
  summary: "takes a whole site down",
  notes: "It says what is lost with the site, asks for its name, lifts the protection and destroys.",
  arguments: { site },
  options: {
    config,
    confirm,
    lostCluster: flag("the cluster is gone for good: forget what is in it, and delete the rest"),
  },
  examples: ["destroy site-a"],
  finding: "it was not confirmed or is refused, or something is left",
  needs: ["Pulumi CLI", "passphrase"],
  run: async (given) => (await import("./run/destroy.ts")).destroy(given),
});
