import type { Finding } from "./finding.ts";
import { withoutRandom } from "./secret-shapes.ts";

/** A mistake of the user's, or something only they can fix. Printed without a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly findings: readonly Finding[];

  constructor(message: string, findings: readonly Finding[] = []) {
    super(message);
    this.findings = findings;
  }
}

/** A value as it is quoted in a message: short, on one line, without what looks like a secret. */
export function quote(value: unknown): string {
  const text = value === undefined ? "nothing" : withoutRandom(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
