import type { Failure } from "./failure.ts";

/**
 * What a service does: `full`: as ever; `degraded`: it serves, with less redundancy or without the strength to restart;
 * `read-only`: what it holds can be read, not changed; `down`.
 */
export type State = "full" | "degraded" | "read-only" | "down";

/** How a service gets better than it is right after the failure, while the failure lasts. */
export type Return =
  /** Nothing was lost that could come back while the failure lasts: it serves all the time. */
  | { readonly by: "nothing to return" }
  | {
      readonly by: "itself";
      /** Seconds until it serves again; for one that serves all the time, until it is as good as it gets. */
      readonly within: number;
      /** Seconds until it is full again, where that takes longer. */
      readonly fullWithin?: number;
      readonly because: string;
    }
  | { readonly by: "person"; readonly steps: readonly string[] };

/** What a failure does to a service. */
export interface Verdict {
  /** Right after it, for the worst placement of members that the hard rules permit. */
  readonly during: State;
  /** When all that is automatic has happened. */
  readonly after: State;
  readonly returns: Return;
  /** One sentence, with the numbers. */
  readonly why: string;
  /** What a person does until it is full again; empty where it is full by itself. */
  readonly untilFull: readonly string[];
  /** Which data may be lost, and how much of it. */
  readonly dataAtRisk?: string;
  /** How it looks from each site, where that differs between sites that cannot reach one another. */
  readonly sites?: Readonly<Record<string, { readonly during: State; readonly after: State }>>;
  /** Services of which each needs the next one to start, and the last one the first. */
  readonly startCycle?: readonly string[];
  /** Whose lack decides the verdict: a workload of its own, or another service. Absent where nothing lacks. */
  readonly cause?: { readonly workload: string } | { readonly provider: string };
}

export interface Assessment extends Verdict {
  readonly failure: Failure;
  /** Id of the service. */
  readonly service: string;
}

const order: readonly State[] = ["down", "read-only", "degraded", "full"];

/** Whether a service in this state can be read and written. */
export const serves = (state: State): boolean => state === "full" || state === "degraded";

/** Negative where `a` is the worse state, positive where it is the better one. */
export const compareStates = (a: State, b: State): number => order.indexOf(a) - order.indexOf(b);

/** The worst of some states. */
export function worst(states: readonly State[]): State {
  return order.find((state) => states.includes(state)) ?? "down";
}

/** The best of some states. */
export function best(states: readonly State[]): State {
  return order.findLast((state) => states.includes(state)) ?? "down";
}
