import { declare } from "../lib/command/declare.ts";
import { flag, preset, several, text, wholeNumber } from "../lib/command/option.ts";
import { config, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "rotate-certificates",
  summary: "renews the certificates of a site's nodes, one at a time",
  notes:
    "Servers come first. The authorities stay. A run that was interrupted goes on when it is run again: what it renewed is not a day old by then.",
  arguments: { site },
  options: {
    config,
    dryRun: flag("only tell when each node's certificates end"),
    only: several(text("node", "these nodes and no others")),
    olderThan: preset(wholeNumber("days", "only certificates that were made longer ago; 0: all"), 1),
  },
  examples: ["rotate-certificates site-a --dry-run", "rotate-certificates site-a --older-than 0"],
  finding: "a node was left as it is: its script failed, or it was refused",
  needs: ["stack files", "Pulumi CLI", "passphrase", "hosts"],
  run: async (given) => (await import("./run/rotate-certificates.ts")).rotate(given),
});
