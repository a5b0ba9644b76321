import { declare } from "../lib/command/declare.ts";
import { flag } from "../lib/command/option.ts";
import { config } from "../lib/command/shared.ts";

export const command = declare({
  name: "pins",
  summary: "lists the images that the sites run, and the digest of each",
  notes: "Digests stand in components/helm/image-digests.ts.",
  arguments: {},
  options: {
    config,
    resolve: flag("ask each image's registry for its digest, and print what would stand in pins.ts"),
    check: flag("ask the registries of those that are pinned whether their tags still have that digest"),
  },
  examples: ["pins", "pins --resolve", "pins --check"],
  finding: "an image is not what its pin says, or its registry did not tell",
  needs: ["stack files", "network"],
  run: async (given) => (await import("./run/pins.ts")).pins(given),
});
