import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "@isthmus/core";
import { fleetOrRefuse } from "../../plan/stack-files.ts";
import { Helm } from "../../tools/charts/helm.ts";
import { keptFolder, keptText } from "../../tools/charts/kept.ts";
import { Renderer, type Rendering } from "../../tools/charts/render.ts";
import { checkObject, withoutCharts, withoutKubernetes } from "../program/chart-values.ts";

/** The API server takes a null for something that is not said. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const said = Object.entries(value).filter(([, below]) => below !== null);
  return Object.fromEntries(said.map(([key, below]) => [key, withoutNulls(below)]));
}

const root = join(import.meta.dirname, "../..");
const sources = process.env["ISTHMUS_CHART_SOURCES"];
const withoutSources =
  sources === undefined
    ? "ISTHMUS_CHART_SOURCES is not set: it names a folder with a folder of each chart, templates included (npm run charts -- --sources FOLDER --pull)"
    : undefined;

describe(`rendered charts${withoutSources === undefined ? "" : ` (skipped: ${withoutSources})`}`, function () {
  this.timeout(1_200_000);
  const fleet = fleetOrRefuse(root);
  let renderings: ReadonlyMap<string, ReadonlyMap<string, Rendering>>;

  before(async function () {
    if (sources === undefined) return this.skip();
    const renderer = new Renderer(sources, new Helm(process.env["ISTHMUS_HELM"] ?? "helm"));
    const found = new Map<string, ReadonlyMap<string, Rendering>>();
    for (const plan of fleet.sites) found.set(plan.facts.name, await renderer.site(plan));
    renderings = found;
  });

  it("give the facts that are kept, byte for byte", () => {
    for (const [site, releases] of renderings) {
      for (const [name, { facts }] of releases)
        assert.equal(
          keptText(facts),
          readFileSync(join(root, keptFolder, site, `${name}.json`), "utf8"),
          `${site}/${name}`,
        );
    }
  });

  it("are objects that Kubernetes and the CRDs take", function () {
    if (withoutCharts !== undefined || withoutKubernetes !== undefined) return this.skip();
    const problems = [...renderings.values()].flatMap((releases) =>
      [...releases].flatMap(([name, { objects }]) =>
        objects
          .filter(({ kind }) => kind !== "CustomResourceDefinition")
          .flatMap((object) => checkObject(withoutNulls(object) as Manifest).map((problem) => `${name}: ${problem}`)),
      ),
    );
    assert.deepEqual([...new Set(problems)], []);
  });
});
