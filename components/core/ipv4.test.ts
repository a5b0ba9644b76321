import assert from "node:assert/strict";
import { fromNumber, usableRange } from "./index.ts";

describe("the addresses that a machine may have", () => {
  for (const [cidr, first, last] of [
    ["10.0.20.0/24", "10.0.20.1", "10.0.20.254"],
    ["10.0.20.4/30", "10.0.20.5", "10.0.20.6"],
    ["10.0.20.4/31", "10.0.20.4", "10.0.20.5"],
    ["10.0.20.4/32", "10.0.20.4", "10.0.20.4"],
  ] as const) {
    it(`of ${cidr}`, () => {
      const range = usableRange(cidr);
      assert.deepEqual([fromNumber(range.first), fromNumber(range.last)], [first, last]);
    });
  }
});
