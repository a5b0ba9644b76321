import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "@isthmus/core";
import { plannedNodes, scripts, workThrough, type ClusterAccess, type NodePlan, type Step } from "@isthmus/k3s";
import type { MaintenanceOrder, NodeWork } from "@isthmus/k3s";
import { askAnother, ConnectionLostError, UnreachableError } from "@isthmus/remote/client";
import type { z } from "zod";
import type { DeployedCluster } from "./deployed.ts";
import { runScript, type ScriptResult } from "./run-script.ts";

/** How maintenance is told of, and how long it waits. */
export interface Manner {
  /** A line for people; it begins with the node's name where it is about one. */
  readonly say: (line: string) => void;
  /** How long a host may take to come back from its reboot, in seconds. */
  readonly rebootSeconds: number;
}

/** Asks nodes, side by side, with a script that prints JSON. A text says why nothing is known of one. */
export async function askNodes<Answer>(
  { plan, access }: DeployedCluster,
  { only, step, shape }: AskNodes<Answer>,
): Promise<Readonly<Record<string, Answer | string>>> {
  const asked = plannedNodes(plan).filter(({ node }) => only?.includes(node.name) ?? true);
  const ask = async (node: NodePlan): Promise<Answer | string> => {
    if (access.hosts[node.node.name] === undefined) return "was not deployed yet";
    try {
      const { status, stdout, said } = await runScript(access, step(node));
      return status === 0 ? shape.parse(JSON.parse(stdout)) : `could not be looked at: ${causeOf(said)}`;
    } catch (error) {
      if (error instanceof UnreachableError) return `cannot be reached: ${error.message}`;
      if (error instanceof ConnectionLostError) return `could not be looked at: ${error.message}`;
      throw error;
    }
  };
  return Object.fromEntries(await Promise.all(asked.map(async (node) => [node.node.name, await ask(node)] as const)));
}

interface AskNodes<Answer> {
  readonly only?: readonly string[] | undefined;
  readonly step: (node: NodePlan) => Step;
  readonly shape: z.ZodType<Answer>;
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
      throw new UserError(
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
  if ("unreachable" in ended) return new UserError(`${node} cannot be reached over SSH: ${ended.unreachable}`);
  if ("lost" in ended) return new UserError(`${node} was lost while ${script.name} ran there: ${ended.lost}.`);
  return new UserError(`${script.name} failed on ${node}: ${causeOf(ended.result.said)}`);
}

/** What a script said to be the cause, and the mend; all that it said where it named none. */
function causeOf(said: string): string {
  const named = said
    .split("\n")
    .map((line) => line.replace(/^\[[^\]]*\] /, ""))
    .filter((line) => /^(because|to mend): /.test(line));
  return named.length > 0 ? named.map((line) => line.replace("because: ", "")).join("; ") : said.trim();
}
