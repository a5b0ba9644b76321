"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, ["accepted.test.ts"]), timeout: 300_000 };
