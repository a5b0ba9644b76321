import { z } from "zod";
import { UserError } from "@isthmus/core";
import type { PolicyResource } from "./resource.ts";

const resource = z.object({
  urn: z.string(),
  type: z.string(),
  parent: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  delete: z.boolean().optional(),
});
const stateFile = z.object({ deployment: z.object({ resources: z.array(resource).default([]) }) });

/** The resources of a stack's state, as `pulumi stack export` writes it, without those that wait to be deleted. */
export function fromState(state: unknown): PolicyResource[] {
  const read = stateFile.safeParse(state);
  if (!read.success) throw new UserError(`this is no state of a stack: ${z.prettifyError(read.error)}`);
  return read.data.deployment.resources
    .filter((found) => found.delete !== true)
    .map(({ urn, type, parent, inputs }) => ({
      urn,
      type,
      name: urn.slice(urn.lastIndexOf("::") + 2),
      ...(parent === undefined ? {} : { parent }),
      props: inputs ?? {},
    }));
}
