"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, ["fleet.test.ts"], ["providers"]), timeout: 300_000 };
