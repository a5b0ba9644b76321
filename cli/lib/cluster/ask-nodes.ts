import { plannedNodes, type NodePlan, type Step } from "@isthmus/k3s";
import { ConnectionLostError, UnreachableError } from "@isthmus/remote/client";
import { z } from "zod";
import type { DeployedCluster } from "./deployed.ts";
import { causeOf, runScript, type ScriptResult } from "./run-script.ts";

interface Question<Answer> {
  /** Default: all nodes. */
  readonly only?: readonly string[] | undefined;
  readonly step: (node: NodePlan) => Step;
  readonly shape: z.ZodType<Answer>;
  /** A host whose disk hangs must not keep the others from being told of; in milliseconds. Default: as long as it answers. */
  readonly timeoutMs?: number | undefined;
}

/** Long enough for what only reads on a host; in milliseconds. */
export const longestLook = 60_000;

/** Asks nodes, side by side, with a script that prints JSON. A text says why nothing is known of one. */
export async function askNodes<Answer>(
  { plan, access }: DeployedCluster,
  { only, step, shape, timeoutMs }: Question<Answer>,
): Promise<Readonly<Record<string, Answer | string>>> {
  const asked = plannedNodes(plan).filter(({ node }) => only?.includes(node.name) ?? true);
  const ask = async (node: NodePlan): Promise<Answer | string> => {
    if (access.hosts[node.node.name] === undefined) return "was not deployed yet";
    try {
      return readAnswer(shape, await runScript(access, step(node), { timeoutMs }));
    } catch (error) {
      if (error instanceof UnreachableError) return `cannot be reached: ${error.message}`;
      if (error instanceof ConnectionLostError) return `could not be looked at: ${error.message}`;
      throw error;
    }
  };
  return Object.fromEntries(await Promise.all(asked.map(async (node) => [node.node.name, await ask(node)] as const)));
}

/** What a script printed, or why nothing is known by it. */
export function readAnswer<Answer>(shape: z.ZodType<Answer>, { status, stdout, said }: ScriptResult): Answer | string {
  if (status !== 0) return `could not be looked at: ${causeOf(said)}`;
  const unread = `gave an answer that cannot be read ("${stdout.trim().slice(0, 80)}")`;
  try {
    const answer = shape.safeParse(JSON.parse(stdout));
    return answer.success ? answer.data : `${unread}: ${z.prettifyError(answer.error).replaceAll(/\s*\n\s*/g, " ")}`;
  } catch (error) {
    return `${unread}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
