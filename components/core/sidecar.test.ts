import assert from "node:assert/strict";
import { together, without } from "./sidecar.ts";

describe("sidecars", () => {
  const sidecar = { memory: "64Mi", cpu: "20m" } as const;

  it("leaves the main container what the others do not take", () => {
    assert.deepEqual(without(sidecar)({ memory: "1Gi", cpu: "1" }), { memory: "960Mi", cpu: "980m" });
    assert.deepEqual(without(sidecar, sidecar)({ memory: "256Mi" }), { memory: "128Mi" });
  });

  it("adds up to what the footprint states", () => {
    const main = { memory: "1Gi", cpu: "500m" } as const;
    assert.deepEqual(without(sidecar)(together(main, sidecar)), { memory: "1024Mi", cpu: "500m" });
  });

  it("refuses a footprint that its sidecars use up", () => {
    assert.throws(() => without(sidecar)({ memory: "64Mi", cpu: "100m" }), /nothing is left/);
  });
});
