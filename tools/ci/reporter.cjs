"use strict";
// Mocha's own report, what took long, and one line with the counts for `.ci/run` (file named by ISTHMUS_COUNTS).
const { appendFileSync } = require("node:fs");
const { relative } = require("node:path");
const { Spec, Dot } = require("mocha").reporters;

const Base = process.env.CI === "true" ? Dot : Spec;
const shown = 15;
/** Runs that are shorter are nobody's trouble; in milliseconds. */
const longRun = 120_000;
/** What the summary keeps of a message, in characters: a run that failed says why at its end. */
const kept = { head: 200, tail: 600 };

module.exports = class CountingReporter extends Base {
  constructor(runner, options) {
    super(runner, options);
    const began = Date.now();
    const tests = [];
    runner.on("test end", ({ file, title, duration }) => {
      tests.push({ name: `${relative(".", file ?? "")}: ${title}`, file, duration: duration ?? 0 });
    });
    const failed = [];
    let died = false;
    runner.on("fail", (test, error) => {
      failed.push(`${relative(".", test.file ?? "")}: ${test.title}: ${shortened(String(error.message))}`);
      died ||= test.file === undefined && !test.parent?.file;
    });
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      if (died) console.log(`  No result came of: ${without(tests, options.spec ?? []).join(", ")}`);
      if (Date.now() - began > longRun) tellWhatTookLong(tests);
      // Once more, and short: of a long log often the end alone is kept.
      for (const line of failed) console.log(`  failed: ${line}`);
      console.log(`  time: ${seconds(Date.now() - began)}`);
      const counts = process.env.ISTHMUS_COUNTS;
      if (counts) appendFileSync(counts, `${passes} ${failures} ${pending}\n`);
    });
  }
};

/** Files of which no test has ended: one of them took its process along. */
const without = (tests, files) =>
  files
    .map((file) => relative(".", file))
    .filter((file) => !tests.some((test) => relative(".", test.file ?? "") === file));

function shortened(message) {
  const line = message.replaceAll(/\s+/g, " ");
  const { head, tail } = kept;
  return line.length <= head + tail ? line : `${line.slice(0, head)} … ${line.slice(-tail)}`;
}

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Files by what their tests took, without their hooks: the order in which they begin is to follow it. Then tests. */
function tellWhatTookLong(tests) {
  const files = new Map();
  for (const { file, duration } of tests) files.set(file, (files.get(file) ?? 0) + duration);
  const tell = (what, rows) => {
    console.log(`  ${what}:`);
    for (const [name, duration] of rows.sort(([, a], [, b]) => b - a).slice(0, shown)) {
      console.log(`  ${seconds(duration).padStart(9)}  ${name}`);
    }
  };
  tell(
    "files that took longest",
    [...files].map(([file, duration]) => [relative(".", file ?? ""), duration]),
  );
  tell(
    "tests that took longest",
    tests.map(({ name, duration }) => [name, duration]),
  );
}
