import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { charts } from "./pins.ts";

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

interface Renovate {
  readonly customManagers: readonly { readonly matchStrings: readonly string[] }[];
}

describe("pins of charts", () => {
  const { customManagers } = JSON.parse(read("../../renovate.json")) as Renovate;
  const pattern = new RegExp(customManagers[0]?.matchStrings[0] ?? "never", "g");
  const seen = [...read("pins.ts").matchAll(pattern)].map((match) => match.groups ?? {});

  it("are all seen by Renovate, with the version that they have", () => {
    assert.deepEqual(
      seen.map((groups) => groups["currentValue"]),
      Object.values(charts).map((chart) => chart.version),
    );
  });

  it("are looked up where they are installed from", () => {
    for (const [index, chart] of Object.values(charts).entries()) {
      const { datasource, depName, registryUrl } = seen[index] ?? {};
      if (chart.repository.startsWith("oci://")) {
        assert.deepEqual([datasource, `oci://${depName ?? ""}`], ["docker", chart.repository]);
      } else {
        assert.deepEqual([datasource, depName, registryUrl], ["helm", chart.name, chart.repository]);
      }
    }
  });

  it("are exact versions", () => {
    for (const chart of Object.values(charts)) assert.match(chart.version, /^v?\d+\.\d+\.\d+$/, chart.name);
  });
});
