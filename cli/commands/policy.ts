import { declare } from "../lib/command/declare.ts";
import { flag, text } from "../lib/command/option.ts";
import { config, sites } from "../lib/command/shared.ts";

export const command = declare({
  name: "policy",
  summary: "holds what would be deployed to the policies, and tells of every rule",
  notes: "The same answers as in preview and under the engine. It needs no CLI, no credentials and no network.",
  arguments: { sites },
  options: {
    config,
    list: flag("list every rule that a finding can name, of stack files and of policies"),
    explain: text("rule", "tell one rule in full"),
    json: flag("print JSON"),
    sarif: flag("print one SARIF log of all sites, for code scanning"),
  },
  examples: [
    "policy",
    "policy site-a --json",
    "policy --sarif > policy.sarif",
    "policy --list",
    "policy --explain public-route-protected",
  ],
  finding: "the stack files are not in order, or a mandatory policy is violated",
  needs: [],
  run: async (given) => (await import("./run/policy.ts")).policy(given),
});
