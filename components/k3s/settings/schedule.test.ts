import assert from "node:assert/strict";
import { isSchedule, longestPause } from "./schedule.ts";

describe("a schedule of snapshots", () => {
  const read = ["0 */6 * * *", "*/5 * * * *", "15 3 1,15 * *", "0 0-6/2 * * 1-5", "59 23 31 12 6", "@daily", "@hourly"];
  for (const text of read) {
    it(`may be ${text}`, () => {
      assert.equal(isSchedule(text), true);
    });
  }

  const unread = [
    "",
    "0 */6 * *",
    "0 0 */6 * * *",
    "60 * * * *",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 7",
    "*/0 * * * *",
    "5-1 * * * *",
    "*-5 * * * *",
    "0 3 * * mon",
    "every 6 hours",
    "@often",
    "0  3 * * *",
  ];
  for (const text of unread) {
    it(`is not "${text}"`, () => {
      assert.equal(isSchedule(text), false);
    });
  }

  const [hour, day] = [60, 24 * 60];
  const pauses: readonly (readonly [string, number | undefined])[] = [
    ["0 */6 * * *", 6 * hour],
    ["*/5 * * * *", 5],
    ["@hourly", hour],
    ["@daily", day],
    ["30 3,4 * * *", 23 * hour],
    ["15 3 1,15 * *", 17 * day],
    ["0 0 * * 1-5", 3 * day],
    ["0 5/6 * * *", 6 * hour],
    ["50/5 * * * *", 55],
    ["0 0 31 * *", 61 * day],
    // From 1896 to 1904 it was eight years; in our time a leap day comes every four.
    ["0 0 29 2 *", 1461 * day],
    // Where both say a day, one of them is enough: the first, and every Monday.
    ["0 0 1 * 1", 7 * day],
    // A step is no star to k3s: odd days, and Mondays.
    ["0 0 */2 * 1", 2 * day],
    ["@yearly", 366 * day],
    ["0 0 30 2 *", undefined],
  ];
  for (const [text, minutes] of pauses) {
    it(`leaves at most ${String(minutes)} minutes between two: ${text}`, () => {
      assert.equal(longestPause(text), minutes);
    });
  }
});
