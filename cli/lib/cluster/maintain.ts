import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "@isthmus/core";
import { scripts, workThrough, type ClusterAccess, type Step } from "@isthmus/k3s";
import type { MaintenanceOrder, NodeWork } from "@isthmus/k3s";
import { askAnother, UnreachableError } from "@isthmus/remote/client";
import { MissingError } from "../exit.ts";
import { causeOf, runScript, type ScriptResult } from "./run-script.ts";

/** How maintenance is told of, and how long it waits. */
export interface Manner {
  /** A line for people; it begins with the node's name where it is about one. */
  readonly say: (line: string) => void;
  /** How long a host may take to come back from its reboot, in seconds. */
  readonly rebootSeconds: number;
}

/** Does the work node by node. A failure ends it before the next node. Every cause is a `UserError`. */
export async function maintain(access: ClusterAccess, order: MaintenanceOrder, manner: Manner): Promise<void> {
  await workThrough(order, async ({ node, steps, refused }: NodeWork) => {
    if (refused !== undefined) throw new UserError(`${node} is left as it is: ${refused}.`);
    for (const step of steps) await doStep(access, step, manner);
  });
}

async function doStep(access: ClusterAccess, step: Step, manner: Manner): Promise<void> {
  if (step.script === scripts.returnToService) return comeBack(access, step, manner);
  const ended = await attempt(access, step, manner.say);
  if ("result" in ended && ended.result.status === 0) return;
  // A host that goes down may take the answer with it: whether it comes back is seen next.
  if (step.script === scripts.rebootHost && "lost" in ended) return;
  throw failure(step, ended);
}

/** Waits for a host that may be away: until it is back from its boot, and well. */
async function comeBack(access: ClusterAccess, step: Step, { say, rebootSeconds }: Manner): Promise<void> {
  const began = Date.now();
  let told = began;
  for (;;) {
    const ended = await attempt(access, step, (line) => {
      // That it has not gone down yet is no news.
      if (!line.endsWith("has not gone down yet")) say(line);
    });
    if ("result" in ended && ended.result.status === 0) return;
    if ("result" in ended && ended.result.status !== askAnother) throw failure(step, ended);
    const seconds = Math.round((Date.now() - began) / 1000);
    if (seconds > rebootSeconds) {
      throw new MissingError(
        `${step.node} did not come back within ${rebootSeconds} seconds of its reboot: see its console.`,
      );
    }
    if (Date.now() - told >= 15_000) {
      told = Date.now();
      say(`[${step.node}] has been away for ${seconds} seconds`);
    }
    await sleep(1_000);
  }
}

type Ended = { readonly result: ScriptResult } | { readonly unreachable: string } | { readonly lost: string };

/** The status of a command whose connection ended before it did. */
const noStatus = 255;

async function attempt(access: ClusterAccess, step: Step, hear: Manner["say"]): Promise<Ended> {
  try {
    const result = await runScript(access, step, { hear });
    return result.status === noStatus ? { lost: "the connection ended before it did" } : { result };
  } catch (error) {
    if (error instanceof UnreachableError) return { unreachable: error.message };
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    return { lost: error.message };
  }
}

function failure({ node, script }: Step, ended: Ended): UserError {
  if ("unreachable" in ended) return new MissingError(`${node} cannot be reached over SSH: ${ended.unreachable}`);
  if ("lost" in ended) return new MissingError(`${node} was lost while ${script.name} ran there: ${ended.lost}.`);
  return new UserError(`${script.name} failed on ${node}: ${causeOf(ended.result.said)}`);
}
