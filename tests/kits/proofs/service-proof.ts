import assert from "node:assert/strict";
import type { RenderContext, Service } from "@isthmus/core";
import {
  checkObject,
  checkRelease,
  provePlacement,
  renderService,
  withoutCharts,
  withoutKubernetes,
} from "./chart-values.ts";

/**
 * Tests that hold for every service: its charts take its values, its kinds take its objects, and its footprint reaches
 * both. `contexts` are ways to configure it, by what they are about.
 */
export function itFits(service: Service, contexts: Readonly<Record<string, () => RenderContext<unknown>>>): void {
  for (const [about, context] of Object.entries(contexts)) {
    it(`sets only what its charts and kinds know (${about})`, function () {
      const missing = withoutCharts ?? withoutKubernetes;
      if (missing !== undefined) {
        console.log(`        skipped: ${missing}`);
        this.skip();
      }
      const { releases, objects } = renderService(service, context());
      const problems = [
        ...releases.flatMap(({ plan, values }) => checkRelease(plan, values)),
        ...objects.flatMap(({ manifest }) => checkObject(manifest)),
      ];
      assert.deepEqual(problems, []);
    });

    it(`places all that its footprint states (${about})`, () => {
      provePlacement(service, context);
    });
  }
}
