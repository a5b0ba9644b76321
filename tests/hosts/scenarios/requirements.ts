import { needsPulumi } from "../../engine/harness.ts";
import { requireHosts } from "../hosts.ts";

/** For a `before` hook: these scenarios need test hosts and the real engine. */
export function requireScenarios(context: Mocha.Context): void {
  requireHosts(context);
  needsPulumi.call(context);
}

/** What is exhaustive runs with `npm run test:hosts -- --full`, or with ISTHMUS_FULL=1. */
export const full = process.env["ISTHMUS_FULL"] === "1" || process.argv.includes("--full");
