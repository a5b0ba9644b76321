import { declare } from "../lib/command/declare.ts";
import { flag } from "../lib/command/option.ts";
import { config, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "status",
  summary: "compares a site's cluster, host by host, with what is declared",
  notes: "It changes nothing.",
  arguments: { site },
  options: { config, json: flag("print one JSON document") },
  examples: ["status site-a", "status site-a --json"],
  finding: "something is not as declared, or a host did not answer",
  needs: ["stack files", "Pulumi CLI", "passphrase", "hosts"],
  run: async (given) => (await import("./run/status.ts")).status(given),
});
