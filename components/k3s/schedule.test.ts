import assert from "node:assert/strict";
import { isSchedule } from "./schedule.ts";

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
});
