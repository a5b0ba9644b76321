"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, ["minio.test.ts", "dns.test.ts"]), timeout: 120_000 };
