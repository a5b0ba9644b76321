import { declare } from "../lib/command/declare.ts";
import { flag } from "../lib/command/option.ts";
import { config, newFolder, sites } from "../lib/command/shared.ts";

export const command = declare({
  name: "preview",
  summary: "shows what would be deployed, and what it survives",
  notes: "It also says what is still missing. It needs no CLI, no credentials and no network.",
  arguments: { sites },
  options: {
    config,
    all: flag("also print whole tables, and each failure in full"),
    json: flag("print one JSON document (schemas/preview.json)"),
    out: newFolder("also write charts' values, objects, machines, DNS, availability and policy results there"),
    tree: flag("list every resource"),
  },
  examples: [
    "preview",
    "preview --all",
    "preview site-a --tree",
    "preview --out out && git diff --no-index out-before out",
  ],
  finding: "the stack files are not in order, or a mandatory policy is violated",
  needs: [],
  run: async (given) => (await import("./run/preview.ts")).preview(given),
});
