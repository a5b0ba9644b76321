import { needsPulumi } from "../engine/harness.ts";
import { requireHosts } from "../lab/hosts.ts";
import { patience } from "../k3s/k3s.ts";

/** For a `before` hook: these scenarios need test hosts and the real engine, and longer where k3s is a real one. */
export function requireScenarios(context: Mocha.Context): void {
  requireHosts(context);
  needsPulumi.call(context);
  if (patience === 1) return;
  context.timeout(context.timeout() * patience);
  context.test?.parent?.eachTest((test) => test.timeout(test.timeout() * patience));
}

/** What is exhaustive runs with `npm run test:hosts -- --full`, or with ISTHMUS_FULL=1. */
export const full = process.env["ISTHMUS_FULL"] === "1" || process.argv.includes("--full");
