"use strict";
const parallel = require("../parallel.cjs");

module.exports = {
  ...parallel(__dirname, ["lost.test.ts", "scheduled.test.ts", "unschedulable.test.ts", "drained.test.ts"]),
  timeout: 300_000,
};
