import { serves, type Assessment, type State } from "../model/verdict.ts";

/** How bad a verdict is, worst first. */
export const severities = ["manual action", "down", "read-only", "degraded"] as const;
export type Severity = (typeof severities)[number];

/** How bad it is: whether a person has to act, else the worst state that it goes through. */
export function severityOf({ during, after, returns }: Pick<Assessment, "during" | "after" | "returns">): Severity {
  if (returns.by === "person") return "manual action";
  const states: readonly State[] = [during, after];
  if (states.includes("down")) return "down";
  return states.every(serves) ? "degraded" : "read-only";
}
