import { declare } from "../lib/command/declare.ts";
import { required, text } from "../lib/command/option.ts";
import { newFolder } from "../lib/command/shared.ts";

export const command = declare({
  name: "case",
  summary: "writes a case of config/cases as whole stack files",
  notes: "They are read by `preview --config FOLDER`.",
  arguments: {
    name: required(text("name", "the case, such as cidr-overlap-pods-and-services")),
    folder: required(newFolder("where to")),
  },
  options: {},
  examples: ["case cidr-overlap-pods-and-services /tmp/case"],
  finding: "it was not written",
  needs: [],
  run: async ({ name, folder }) => (await import("./run/case.ts")).writeCase(name, folder),
});
