import { declare } from "../lib/command/declare.ts";
import { config, confirm, site } from "../lib/command/shared.ts";

export const command = declare({
  name: "recover",
  summary: "after a run that was killed: frees its lock, settles what was half made",
  notes: "Other runs on the same stack have to be over: what they do now would be lost from the state.",
  arguments: { site },
  options: { config, confirm },
  examples: ["recover site-a"],
  finding: "it was not confirmed, or something is left that a person has to fix",
  needs: ["Pulumi CLI", "passphrase"],
  run: async (given) => (await import("./run/recover.ts")).recover(given),
});
