import { declare } from "../lib/command/declare.ts";
import { flag, preset, text } from "../lib/command/option.ts";
import { config, newFolder } from "../lib/command/shared.ts";

export const command = declare({
  name: "charts",
  summary: "renders every release with its chart, and holds the result to laws",
  notes: "Without --sources it judges what is kept of the charts in the folder facts.",
  arguments: {},
  options: {
    config,
    sources: newFolder("a folder with a folder of each chart, or where --pull puts them"),
    helm: preset(text("program", "the Helm program", { completes: "files" }), "helm"),
    pull: flag("fetch every chart into --sources first, from its own repository"),
    write: flag("keep the facts in the folder facts beside the stack files, for runs without charts"),
    switches: flag("also render with each setting that charts are told of turned once; needs --sources"),
  },
  examples: ["charts", "charts --sources charts --pull --write"],
  finding: "a law is broken, or what is kept is not of today",
  needs: ["stack files", "Helm"],
  run: async (given) => (await import("./run/charts.ts")).charts(given),
});
