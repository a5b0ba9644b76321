"use strict";
const { readdirSync } = require("node:fs");
const { join } = require("node:path");

/**
 * Mocha's settings for tests of which two files at a time run, each file in a process of its own: they mostly wait. Each
 * file shows its results when it has ended; `--no-parallel` shows each test, in turn. Files that are named on the command
 * line run alone.
 * @param folder where the files are
 * @param longestFirst names of those that take longest, so that nothing is waited for alone at the end
 * @param kits folders of test kits whose own tests need what these need
 */
module.exports = function parallel(folder, longestFirst, kits = []) {
  // The processes that run the files know nothing of this command line.
  if (process.argv.includes("--full")) process.env.ISTHMUS_FULL = "1";
  const someAreNamed = process.argv.slice(2).some((argument) => argument.endsWith(".test.ts"));
  const testsIn = (from) =>
    readdirSync(from, { recursive: true })
      .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
      .sort();
  const all = testsIn(folder);
  const missing = longestFirst.filter((file) => !all.includes(file));
  if (missing.length > 0) throw new Error(`${folder} has no ${missing.join(", ")}: take it out of .mocharc.cjs there`);
  const inOrder = [...new Set([...longestFirst, ...all])];
  const ofKits = kits
    .map((kit) => join(__dirname, "kits", kit))
    .flatMap((kit) => testsIn(kit).map((file) => join(kit, file)));
  return {
    "node-option": ["import=tsx"],
    spec: someAreNamed ? [] : [...inOrder.map((file) => join(folder, file)), ...ofKits],
    parallel: true,
    jobs: 2,
    "forbid-only": true,
    slow: 20_000,
    reporter: "tools/ci/reporter.cjs",
  };
};
