import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { load } from "../config/load.ts";
import { catalogue } from "./catalogue.ts";
import { chartIn, chartsOf, checkChartMirror } from "./chart-mirror.ts";
import { planFleet } from "./fleet.ts";
import type { FleetPlan } from "./plans.ts";

const repository = join(import.meta.dirname, "..");

/** A packed chart as `helm package` writes it: https://helm.sh/docs/topics/charts/ (Chart.yaml comes first). */
export function packed(name: string, version: string): Buffer {
  const content = Buffer.from(`apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
  const header = Buffer.alloc(512);
  header.write(`${name}/Chart.yaml`, 0);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  const body = Buffer.alloc(512);
  content.copy(body);
  return gzipSync(Buffer.concat([header, body, Buffer.alloc(1024)]));
}

describe("a folder of charts", () => {
  let folder: string;
  let fleet: FleetPlan;

  before(() => {
    const loaded = load(repository, catalogue);
    assert.ok("model" in loaded);
    const plan = planFleet(loaded.model);
    fleet = { ...plan, model: { ...plan.model, fleet: { ...plan.model.fleet, chartMirror: "./charts" } } };
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-charts-"));
    mkdirSync(join(folder, "charts"));
    for (const { name, version } of chartsOf(fleet))
      writeFileSync(join(folder, "charts", `${name}-${version}.tgz`), packed(name, version));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is in order where it holds every chart of the fleet, in its version", () => {
    assert.deepEqual(checkChartMirror(fleet, folder), []);
    assert.ok(chartsOf(fleet).length >= 10, "the default stacks have that many charts");
  });

  it("is one finding, with what to run, where charts lack, are others, or were cut off", () => {
    const file = (name: string): string => join(folder, "charts", name);
    rmSync(file("longhorn-1.12.1.tgz"));
    cpSync(file("minio-5.4.0.tgz"), file("vault-0.34.1.tgz"));
    writeFileSync(file("traefik-41.3.0.tgz"), packed("traefik", "41.3.0").subarray(0, 60));
    const [finding, ...others] = checkChartMirror(fleet, folder);
    assert.deepEqual(others, []);
    assert.equal(finding?.at, "Pulumi.yaml#/chartMirror");
    assert.match(finding.problem, /longhorn-1\.12\.1\.tgz: not there/);
    assert.match(finding.problem, /vault-0\.34\.1\.tgz: holds minio 5\.4\.0/);
    assert.match(finding.problem, /traefik-41\.3\.0\.tgz: no packed chart/);
    assert.match(
      finding.fix,
      /helm pull longhorn --repo https:\/\/charts\.longhorn\.io --version 1\.12\.1 -d \.\/charts/,
    );
    assert.match(finding.fix, /helm pull oci:\/\/ghcr\.io\/traefik\/helm\/traefik --version 41\.3\.0/);
  });

  it("is a finding where it is not there, and nothing where charts come from a registry", () => {
    assert.match(checkChartMirror(fleet, join(folder, "charts"))[0]?.problem ?? "", /no folder "\.\/charts"/);
    const { model } = fleet;
    const registry = { ...model, fleet: { ...model.fleet, chartMirror: "oci://registry.internal/charts" } };
    assert.deepEqual(checkChartMirror({ ...fleet, model: registry }, folder), []);
  });

  it("may say the version without its v, as Helm does", () => {
    const path = join(folder, "charts", "cert-manager-v1.21.1.tgz");
    writeFileSync(path, packed("cert-manager", "1.21.1"));
    assert.deepEqual(chartIn(path), { name: "cert-manager", version: "1.21.1" });
    assert.deepEqual(checkChartMirror(fleet, folder), []);
  });
});
