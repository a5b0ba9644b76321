import { declare } from "../lib/command/declare.ts";
import { config, sites } from "../lib/command/shared.ts";

export const command = declare({
  name: "doctor",
  summary: "asks, before anything is built, whether what sites need is there",
  notes: "It changes nothing.",
  arguments: { sites },
  options: { config },
  examples: ["doctor", "doctor site-a"],
  finding: "something that a site needs is not in order",
  needs: ["stack files", "network"],
  run: async (given) => (await import("./run/doctor.ts")).doctor(given),
});
