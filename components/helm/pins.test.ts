import assert from "node:assert/strict";
import { charts } from "./pins.ts";

describe("pins of charts", () => {
  it("are exact versions", () => {
    for (const chart of Object.values(charts)) assert.match(chart.version, /^v?\d+\.\d+\.\d+$/, chart.name);
  });
});
