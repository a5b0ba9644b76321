/** Every call that reached a provider, one JSON line each, in the order in which they ended. Never a property's value. */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Method =
  | "configure"
  | "checkConfig"
  | "diffConfig"
  | "invoke"
  | "check"
  | "diff"
  | "create"
  | "read"
  | "update"
  | "delete"
  /** A script or a copy that a `command` resource really had done on a host. */
  | "run"
  | "copy";

export interface LoggedCall {
  /** ISO 8601. */
  readonly at: string;
  readonly package: string;
  readonly method: Method;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** True when the engine only asked what would happen. */
  readonly preview: boolean;
  readonly milliseconds: number;
  /** Where a call was made to fail, hang or die: `before hang`. */
  readonly fault?: string;
  /** The refusal's kind; its text may quote a value, so it is not kept. */
  readonly failed?: boolean;
}

export class CallLog {
  readonly #file: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = join(folder, "calls.jsonl");
  }

  append(call: Omit<LoggedCall, "at">): void {
    // One write of one line with O_APPEND: lines of several processes do not mix.
    appendFileSync(this.#file, `${JSON.stringify({ at: new Date().toISOString(), ...call })}\n`, { mode: 0o600 });
  }

  read(): readonly LoggedCall[] {
    try {
      const lines = readFileSync(this.#file, "utf8").split("\n");
      // A reader may see the first half of a line that is just being written: what has no end yet is for the next look.
      return lines.slice(0, -1).map((line) => JSON.parse(line) as LoggedCall);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}
