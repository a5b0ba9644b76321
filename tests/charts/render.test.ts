import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { Helm } from "../../cli/lib/charts/helm.ts";
import type { KnownSite } from "../../cli/lib/charts/judged.ts";
import { keptTexts } from "../../cli/lib/charts/kept.ts";
import { Renderer } from "../../cli/lib/charts/render.ts";

const root = join(import.meta.dirname, "../..");
const sources = process.env["ISTHMUS_CHART_SOURCES"];
const withoutSources =
  sources === undefined
    ? "ISTHMUS_CHART_SOURCES is not set: it names a folder with a folder of each chart, templates included (npm run charts -- --sources FOLDER --pull)"
    : undefined;

describe(`rendered charts${withoutSources === undefined ? "" : ` (skipped: ${withoutSources})`}`, function () {
  this.timeout(1_200_000);
  const fleet = fleetOrRefuse(root);
  let known: ReadonlyMap<string, KnownSite>;

  before(async function () {
    if (sources === undefined) return this.skip();
    const renderer = new Renderer(sources, new Helm(process.env["ISTHMUS_HELM"] ?? "helm"));
    const found = new Map<string, KnownSite>();
    for (const plan of fleet.sites) found.set(plan.facts.name, await renderer.site(plan));
    known = found;
  });

  it("give the facts that are kept, byte for byte", () => {
    for (const [site, one] of known) {
      for (const [path, text] of keptTexts(site, one)) assert.equal(text, readFileSync(join(root, path), "utf8"), path);
    }
  });
});
