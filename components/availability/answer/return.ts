import { unique } from "@isthmus/core";
import type { IndexedService } from "../model/fleet-index.ts";
import { failoverSeconds } from "./serving.ts";
import type { Aftermath } from "./steps.ts";
import { compareStates, serves, type Return, type State } from "../model/verdict.ts";

/** The state right after a failure, and when all that is automatic has happened. */
export interface Course {
  readonly during: State;
  readonly after: State;
}

/** How a service gets from the one state to the other, and what a person does where that does not make it serve. */
export function returnOf(
  service: IndexedService,
  aftermath: Aftermath,
  { during, after, steps }: Course & { steps: readonly string[] },
): Return {
  if (!serves(after)) return { by: "person", steps };
  if (compareStates(after, during) <= 0) return { by: "nothing to return" };
  const whole = secondsUntilWhole(service, aftermath);
  if (serves(during)) return { by: "itself", within: whole, because: becauseOf(service, aftermath, whole) };
  const { readAt, writeAt } = aftermath.recovery;
  const within = Math.max(readAt[service.index] ?? 0, writeAt[service.index] ?? 0);
  const later = after === "full" && whole > within ? { fullWithin: whole } : {};
  return { by: "itself", within, ...later, because: becauseOf(service, aftermath, within) };
}

/** Seconds until every member that starts again by itself has started, and can start once more. */
function secondsUntilWhole({ index, workloads }: IndexedService, { recovery }: Aftermath): number {
  const groups = workloads.flatMap((workload) => workload.groups);
  const starts = groups.map((group) => recovery.startedAt[group.id] ?? 0);
  const needs = groups.flatMap((group) => group.needs).filter((need) => need.to.includes("start"));
  const providers = needs.map((need) => recovery.readAt[need.provider.index] ?? 0);
  return Math.max(recovery.readAt[index] ?? 0, recovery.writeAt[index] ?? 0, ...starts, ...providers);
}

/** What brings a service back after so many seconds, in half a sentence. */
function becauseOf(service: IndexedService, { index, failure, recovery }: Aftermath, seconds: number): string {
  const groups = service.workloads.flatMap((workload) => workload.groups);
  if (failure.kind === "everything") {
    const starts = groups.flatMap((group) => group.needs.filter((need) => need.to.includes("start")));
    const hosted = service.workloads.every(({ workload }) => workload.controller === "host");
    const started = groups.filter((group) => recovery.startedAt[group.id] !== undefined);
    const planes = hosted ? [] : started.map((group) => index.controlPlanes.get(group.site));
    const before = unique([...planes, ...starts.map((need) => need.provider)].map((each) => each?.service.id ?? ""));
    return before.length === 0 ? "it starts by itself" : `it starts by itself after ${before.join(", ")}`;
  }
  if (groups.some((group) => recovery.startedAt[group.id] === seconds)) return "what is lost starts on another node";
  const led = service.workloads.some((workload) => failoverSeconds(workload) === seconds);
  return led && seconds > 0 ? "another member takes over" : "what it uses is back";
}
