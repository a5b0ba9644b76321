import { declare, type Group } from "../lib/command/declare.ts";
import { flag, preset, several, wholeNumber } from "../lib/command/option.ts";
import { config } from "../lib/command/shared.ts";

const json = flag("print one JSON document");
const rounds = preset(wholeNumber("count", "how often each is measured, in turn; the best counts", 1), 3);

const preview = declare({
  name: "preview",
  summary: "measures plan and preview of fleets of several sizes",
  arguments: {},
  options: {
    config,
    nodes: preset(several(wholeNumber("counts", "machines of each fleet", 1)), [6, 60, 300, 1000]),
    rounds,
    json,
  },
  examples: ["bench preview --nodes 6,60 --rounds 1"],
  finding: "a preview failed",
  needs: ["stack files"],
  run: async (given) => (await import("./run/bench.ts")).preview(given),
});

const bootstrap = declare({
  name: "bootstrap",
  summary: "measures how clusters come up on test hosts, against the plainest script",
  arguments: {},
  options: { rounds, json, check: flag("a target that is missed is a finding") },
  examples: ["bench bootstrap --rounds 1 --check"],
  finding: "with --check: a target was missed",
  needs: ["root", "Pulumi CLI"],
  run: async (given) => (await import("./run/bench.ts")).bootstrap(given),
});

export const command: Group = { name: "bench", summary: "measures what Isthmus costs", commands: [preview, bootstrap] };
