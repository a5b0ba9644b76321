"use strict";
const parallel = require("../parallel.cjs");

module.exports = { ...parallel(__dirname, ["vault.test.ts", "minio.test.ts", "dns.test.ts"]), timeout: 120_000 };
