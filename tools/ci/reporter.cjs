"use strict";
// Mocha's own report, and one line with the counts for `.ci/run` (file named by ISTHMUS_COUNTS).
const { appendFileSync } = require("node:fs");
const { Spec, Dot } = require("mocha").reporters;

const Base = process.env.CI === "true" ? Dot : Spec;

module.exports = class CountingReporter extends Base {
  constructor(runner, options) {
    super(runner, options);
    const began = Date.now();
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      console.log(`  time: ${((Date.now() - began) / 1000).toFixed(1)} s`);
      const counts = process.env.ISTHMUS_COUNTS;
      if (counts) appendFileSync(counts, `${passes} ${failures} ${pending}\n`);
    });
  }
};
