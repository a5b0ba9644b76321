"use strict";
const parallel = require("../parallel.cjs");

const longestFirst = [
  "scenarios/fault-matrix.test.ts",
  "scenarios/fault-matrix-agents.test.ts",
  "scenarios/fault-matrix-verbs.test.ts",
  "scenarios/maintenance.test.ts",
  "scenarios/faults.test.ts",
  "scenarios/restore.test.ts",
  "scenarios/kills.test.ts",
  "scenarios/life.test.ts",
  "scenarios/faults-midway.test.ts",
];

module.exports = { ...parallel(__dirname, longestFirst, ["lab", "k3s"]), timeout: 120_000 };
