import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChartPin } from "@isthmus/core";
import { parse } from "yaml";
import { charts } from "./pins.ts";

describe("pins of charts", () => {
  const folder = process.env["ISTHMUS_CHARTS"];
  it(`say what Kubernetes each chart takes${folder === undefined ? ", as the charts would say: ISTHMUS_CHARTS is not set" : ""}`, function () {
    if (folder === undefined) this.skip();
    const released = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
      name: string;
      version: string;
    }[];
    for (const { name, version, kubeVersion } of Object.values<ChartPin>(charts)) {
      assert.equal(
        released.find((one) => one.name === name)?.version,
        version,
        `${name}: the charts are of another version`,
      );
      const chart = parse(readFileSync(join(folder, name, "Chart.yaml"), "utf8")) as { kubeVersion?: string };
      assert.equal(chart.kubeVersion, kubeVersion, name);
    }
  });

  it("are exact versions", () => {
    for (const chart of Object.values(charts)) assert.match(chart.version, /^v?\d+\.\d+\.\d+$/, chart.name);
  });
});
