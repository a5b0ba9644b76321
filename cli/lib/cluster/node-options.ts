import { UsageError } from "../exit.ts";

/** Nobody named: all are meant. */
export const onlyIfAny = (names: readonly string[]): readonly string[] | undefined =>
  names.length === 0 ? undefined : names;

/** Every name that was given has to be a node. */
export function checkNodes(given: readonly string[], nodes: readonly string[]): void {
  const unknown = given.filter((name) => !nodes.includes(name));
  if (unknown.length === 0) return;
  throw new UsageError(
    `There is no node ${unknown.map((name) => `"${name}"`).join(", ")}; there are: ${nodes.join(", ")}.`,
  );
}
