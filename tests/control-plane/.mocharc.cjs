"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, ["scheduled.test.ts", "unschedulable.test.ts"]), timeout: 300_000 };
