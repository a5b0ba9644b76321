import assert from "node:assert/strict";
import { join } from "node:path";

import { Fleet, type Run, type Stack } from "../kits/engine/harness.ts";

/** A small program with something of every kind. */
export const PROGRAM = join(import.meta.dirname, "fixtures/sample");
export const VM = "proxmoxve:index/vmLegacy:VmLegacy";
export const RELEASE = "kubernetes:helm.sh/v3:Release";

/** The run ended well, and nothing exists twice. */
export function expectConverged(fleet: Fleet, run: Run): void {
  assert.equal(run.exitCode, 0, run.errors.join("\n"));
  assert.deepEqual([...fleet.store.duplicates().keys()], []);
}

/** A fleet of that program, and a stack in which nothing is yet. */
export async function emptySite(): Promise<{ readonly fleet: Fleet; readonly site: Stack }> {
  const fleet = Fleet.create({ program: PROGRAM });
  const site = fleet.stack("a");
  await site.init();
  return { fleet, site };
}
