import { z } from "zod";
import { MissingError } from "../exit.ts";

/** A resource in a stack's state. What is not named here stays as it is. */
const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  protect: z.boolean().optional(),
  delete: z.boolean().optional(),
});

const checkpoint = z.looseObject({
  version: z.number(),
  deployment: z.looseObject({
    manifest: z.looseObject({ time: z.string() }),
    secrets_providers: z.looseObject({ type: z.string() }).optional(),
    resources: z.array(resource).nullish(),
    pending_operations: z.array(z.looseObject({ resource, type: z.string() })).nullish(),
  }),
});

/** What `pulumi stack export` gives: secrets in it are encrypted. */
export type Checkpoint = z.output<typeof checkpoint>;
export type StateResource = z.output<typeof resource>;
export interface PendingOperation {
  readonly resource: StateResource;
  readonly type: string;
}

export function parseCheckpoint(text: string, from: string): Checkpoint {
  const read = checkpoint.safeParse(jsonOrNothing(text));
  if (read.success) return read.data;
  throw new MissingError(`${from} is no exported state: ${z.prettifyError(read.error)}`);
}

export const resourcesOf = ({ deployment }: Checkpoint): readonly StateResource[] => deployment.resources ?? [];
export const pendingOf = ({ deployment }: Checkpoint): readonly PendingOperation[] =>
  deployment.pending_operations ?? [];

/** The name that the program gave it. */
export const nameOf = ({ urn }: StateResource): string => urn.slice(urn.lastIndexOf("::") + 2);

/** Everything but the stack's own record: nothing of the site is left when there is none. */
export const madeThings = (state: Checkpoint): readonly StateResource[] =>
  resourcesOf(state).filter(({ type }) => type !== "pulumi:pulumi:Stack");

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
