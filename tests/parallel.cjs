"use strict";
const { readdirSync } = require("node:fs");
const { join } = require("node:path");

/**
 * Mocha's settings for tests of which two files at a time run, each file in a process of its own: they mostly wait. Each
 * file shows its results when it has ended; `--no-parallel` shows each test, in turn. Files that are named on the command
 * line run alone.
 * @param folder where the files are
 * @param longestFirst names of those that take longest, so that nothing is waited for alone at the end
 */
module.exports = function parallel(folder, longestFirst) {
  // The processes that run the files know nothing of this command line.
  if (process.argv.includes("--full")) process.env.ISTHMUS_FULL = "1";
  const someAreNamed = process.argv.slice(2).some((argument) => argument.endsWith(".test.ts"));
  const all = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .sort();
  const missing = longestFirst.filter((file) => !all.includes(file));
  if (missing.length > 0) throw new Error(`${folder} has no ${missing.join(", ")}: take it out of .mocharc.cjs there`);
  const inOrder = [...new Set([...longestFirst, ...all])];
  return {
    "node-option": ["import=tsx"],
    spec: someAreNamed ? [] : inOrder.map((file) => join(folder, file)),
    parallel: true,
    jobs: 2,
    "forbid-only": true,
    slow: 20_000,
    reporter: "tools/ci/reporter.cjs",
  };
};
