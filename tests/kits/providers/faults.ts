/** Trouble on demand: the Nth call that matches fails, hangs, or takes its provider down. */
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Method } from "./call-log.ts";

export interface Fault {
  /** A name of the test's own; the count is kept under it, so a fault comes true once, whatever restarts. */
  readonly id: string;
  readonly package?: string;
  readonly type?: string;
  readonly name?: string;
  readonly method: Method;
  /** 1 is the first call that matches, over all providers and runs. */
  readonly nth: number;
  /** Before the thing is made, in the middle of its steps, or after it was made and before the engine hears of it. */
  readonly when: "before" | "halfway" | "after";
  readonly do: "fail" | "hang" | "die";
}

export interface FaultedCall {
  readonly package: string;
  readonly type: string;
  readonly name: string;
  readonly method: Method;
}

export class Faults {
  readonly #file: string | undefined;
  readonly #counts: string;

  /** `file` is a JSON array of faults; `folder` keeps the counts. */
  constructor(file: string | undefined, folder: string) {
    this.#file = file;
    this.#counts = join(folder, "fault-counts");
  }

  /** Counts the call, and returns the fault that comes true in it. */
  meet(call: FaultedCall): Fault | undefined {
    const due = this.#all().filter((fault) => matches(fault, call) && this.#count(fault.id) === fault.nth);
    return due[0];
  }

  #all(): readonly Fault[] {
    if (this.#file === undefined) return [];
    return JSON.parse(readFileSync(this.#file, "utf8")) as readonly Fault[];
  }

  /** The number of this call: the first file that could be created, so that two processes never get the same. */
  #count(id: string): number {
    const folder = join(this.#counts, encodeURIComponent(id));
    mkdirSync(folder, { recursive: true });
    for (let number = 1; ; number++) {
      try {
        closeSync(openSync(join(folder, String(number)), "wx"));
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
}

function matches(fault: Fault, call: FaultedCall): boolean {
  const same = (wanted: string | undefined, actual: string): boolean => wanted === undefined || wanted === actual;
  return (
    fault.method === call.method &&
    same(fault.package, call.package) &&
    same(fault.type, call.type) &&
    same(fault.name, call.name)
  );
}
