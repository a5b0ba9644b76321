"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, []), timeout: 120_000 };
