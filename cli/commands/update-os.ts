import type { RebootPolicy } from "@isthmus/k3s";
import { declare } from "../lib/command/declare.ts";
import { flag, oneOf, preset, readAs, several, text, wholeNumber } from "../lib/command/option.ts";
import { config, site } from "../lib/command/shared.ts";

const policies: readonly RebootPolicy[] = ["when-required", "always", "never"];

export const command = declare({
  name: "update-os",
  summary: "updates the systems of a site's hosts, one at a time",
  notes:
    "Servers come first. Each node is cordoned, drained, updated, rebooted and uncordoned before the next. A run that was interrupted goes on when it is run again.",
  arguments: { site },
  options: {
    config,
    dryRun: flag("only tell what each host waits for"),
    only: several(text("node", "these nodes and no others")),
    reboot: preset(oneOf("when", "when hosts are rebooted", policies), "when-required"),
    since: readAs("time", "with --reboot always: hosts that booted since then are not rebooted again", instant),
    wait: preset(wholeNumber("seconds", "how long a host may take to reboot"), 600),
  },
  examples: ["update-os site-a --dry-run", "update-os site-a --only k3s-a-agent-1,k3s-a-agent-2"],
  finding: "a host was left as it is: its script failed, or it was refused",
  needs: ["stack files", "Pulumi CLI", "passphrase", "hosts"],
  run: async (given) => (await import("./run/update-os.ts")).update(given),
});

function instant(typed: string): Date {
  const date = new Date(typed);
  if (!Number.isNaN(date.getTime())) return date;
  throw new Error("It has to be a time, as 2026-11-21T09:30:00Z.");
}
